#include "client-core/platform/linux/sandboxed_process.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

TEST_CASE("of a long output the end is kept, within the bound") {
    BoundedTail tail(10);
    CHECK(tail.text().empty());
    tail.append("abc");
    CHECK(tail.text() == "abc");
    for (int i = 0; i < 100; ++i) tail.append(std::to_string(i % 10));
    CHECK(tail.text() == "0123456789");
    tail.append("a line that is longer than all of the bound");
    CHECK(tail.text() == " the bound");
}

TEST_CASE("bubblewrap's word on its child is understood, anything else is not") {
    CHECK(child_pid_from_info("{\n    \"child-pid\": 4711,\n    \"net-namespace\": 1\n}\n") ==
          4711);
    CHECK(child_pid_from_info("{\"child-pid\": \"1\"}") == 0);
    CHECK(child_pid_from_info("{}") == 0);
    CHECK(child_pid_from_info("{\"child-pid\": 47") == 0);
    CHECK(child_pid_from_info("") == 0);
}

}  // namespace
}  // namespace gleaner
