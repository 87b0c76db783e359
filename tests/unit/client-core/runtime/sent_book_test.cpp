#include "client-core/runtime/sent_book.h"

#include <doctest/doctest.h>

#include "client-core/runtime/enrol.h"
#include "shared/proto/control.pb.h"
#include "shared/proto/wire.pb.h"

namespace gleaner {
namespace {

std::string text_of(const SentBook& book) {
    control::Sent sent;
    book.describe(sent);
    std::string text;
    for (const auto& field : sent.fields()) text += field.what().en() + "=" + field.value() + "\n";
    return text;
}

TEST_CASE("of each kind of message the last is told, field by field") {
    const ManualClock clock;
    SentBook book(clock);
    CHECK(text_of(book).empty());
    wire::ToCoordinator message;
    message.mutable_hello()->set_software_version("1.2.3");
    message.mutable_hello()->add_devices()->set_name("RTX");
    book.note(message);
    message.mutable_heartbeat()->set_celsius(61);
    book.note(message);
    message.mutable_heartbeat()->set_celsius(62);
    message.mutable_heartbeat()->add_power()->set_device("cuda0");
    message.mutable_heartbeat()->mutable_power(0)->set_watts(115);
    book.note(message);
    CHECK(text_of(book).find("Version of the client=1.2.3") != std::string::npos);
    CHECK(text_of(book).find("RTX") != std::string::npos);
    CHECK(text_of(book).find("62 °C, cuda0 115 W") != std::string::npos);
    CHECK(text_of(book).find("61 °C") == std::string::npos);
}

TEST_CASE("what was told to be let in stays on the list") {
    const ManualClock clock;
    SentBook book(clock);
    book.note(Applicant("0123abcd", "seat-42", std::nullopt));
    wire::ToCoordinator message;
    message.mutable_goodbye()->set_reason("stopping");
    book.note(message);
    CHECK(text_of(book).find("seat-42") != std::string::npos);
    CHECK(text_of(book).find("0123abcd") != std::string::npos);
    CHECK(text_of(book).find("stopping") != std::string::npos);
}

TEST_CASE("of answers only their number and size are told") {
    const ManualClock clock;
    SentBook book(clock);
    wire::ToCoordinator message;
    message.mutable_results()->add_results()->set_body("a secret answer");
    book.note(message);
    message.mutable_stream_delta()->set_data("a secret piece");
    book.note(message);
    message.mutable_stream_end()->set_body("a secret whole");
    book.note(message);
    CHECK(text_of(book).find("secret") == std::string::npos);
    CHECK(text_of(book).find("15 bytes") != std::string::npos);
}

}  // namespace
}  // namespace gleaner
