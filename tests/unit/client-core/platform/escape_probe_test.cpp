#include "client-core/platform/escape_probe.h"

#include <doctest/doctest.h>

namespace gleaner {
namespace {

const std::string all_refused =
    R"("network_inet_stream":"refused","network_host_loopback":"refused",)"
    R"("network_host_abstract_socket":"refused","files_host_canary":"refused",)"
    R"("files_read_shadow":"refused","files_root_entries":"refused","devices_entries":"refused",)"
    R"("processes_visible":"refused","processes_trace":"refused","kernel_bpf":"refused",)"
    R"("limits_memory":"refused","limits_processes":"refused","privileges_mount":"refused",)"
    R"("privileges_user_namespace":"refused")";

TEST_CASE("a report in which everything was refused lets the node work") {
    const auto report = parse_probe_report("{\"attempts\":{" + all_refused + "}}");
    REQUIRE(report);
    CHECK(report.value().attempts.size() == 14);
    CHECK(judge_probe_report(report.value()));
}

TEST_CASE("one escape stops the node and is named with its detail") {
    const auto report = parse_probe_report("{\"attempts\":{" + all_refused +
                                           R"(,"kernel_keyctl":"ESCAPED"},)"
                                           R"("details":{"kernel_keyctl":"it worked"}})");
    REQUIRE(report);
    const Status verdict = judge_probe_report(report.value());
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code() == ErrorCode::failed_precondition);
    CHECK(verdict.error().message().find("kernel_keyctl (it worked)") != std::string::npos);
}

TEST_CASE("an outcome that is not the word for safety counts as an escape") {
    const auto report =
        parse_probe_report("{\"attempts\":{" + all_refused + R"(,"new_kind":"perhaps"}})");
    REQUIRE(report);
    CHECK_FALSE(judge_probe_report(report.value()));
}

TEST_CASE("a report that lacks a kind of attempt is not believed") {
    const auto report = parse_probe_report(R"({"attempts":{"kernel_bpf":"refused"}})");
    REQUIRE_FALSE(report);
    CHECK(report.error().code() == ErrorCode::data_corrupt);
}

TEST_CASE("what is no report is refused") {
    for (const char* const text :
         {"", "hello", "[]", "{}", R"({"attempts":[]})", R"({"attempts":{"a":1}})"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_probe_report(text));
    }
}

}  // namespace
}  // namespace gleaner
