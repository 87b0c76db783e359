/// Aim: what is sealed is read by its own key in its own context and by nothing else, and no change
/// of it goes unnoticed.

#include "coordinator/vault/key_ring.h"

#include <doctest/doctest.h>

using namespace gleaner;
using gleaner::vault::KeyRing;

namespace {

constexpr const char* plain = "bank\n王小明\n6222021234567896789\nICBC\n";
constexpr const char* context = "owner own_1 version 1";

ErrorCode refused(const KeyRing& ring, std::string_view sealed, std::string_view in = context) {
    const auto opened = ring.open(sealed, in);
    REQUIRE(opened.has_error());
    CHECK(opened.error().message().find("6222") == std::string::npos);
    return opened.error().code();
}

}  // namespace

TEST_CASE("what was sealed is opened again, also nothing and bytes of any kind") {
    const auto ring = KeyRing::generate();
    for (const std::string& text :
         {std::string(plain), std::string(), std::string("\0\xff\n", 3), std::string(5'000, 'x')}) {
        const auto sealed = ring.seal(text, context);
        CHECK(ring.open(sealed, context).value() == text);
        CHECK(ring.open(ring.seal(text, ""), "").value() == text);
    }
}

TEST_CASE("sealed text shows its key's id and nothing of what it holds") {
    const auto ring = KeyRing::generate();
    const auto sealed = ring.seal(plain, context);
    CHECK(vault::key_of(sealed) == ring.current());
    CHECK(sealed.starts_with(ring.current() + ":"));
    CHECK(sealed.find("6222") == std::string::npos);
    // The same text never looks the same.
    CHECK(ring.seal(plain, context) != sealed);
    CHECK(vault::key_of("").empty());
    CHECK(vault::key_of("12345678").empty());
}

TEST_CASE("any change of what is sealed is noticed") {
    const auto ring = KeyRing::generate();
    const auto sealed = ring.seal(plain, context);
    for (std::size_t at = 9; at < sealed.size(); ++at) {
        auto changed = sealed;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        CAPTURE(at);
        CHECK(refused(ring, changed) == ErrorCode::data_corrupt);
    }
    CHECK(refused(ring, sealed.substr(0, sealed.size() - 4)) == ErrorCode::data_corrupt);
    CHECK(refused(ring, sealed + "AAAA") == ErrorCode::data_corrupt);
    CHECK(refused(ring, ring.current() + ":") == ErrorCode::data_corrupt);
    CHECK(refused(ring, ring.current() + ":AAAA") == ErrorCode::data_corrupt);
    CHECK(refused(ring, "") == ErrorCode::data_corrupt);
    CHECK(refused(ring, "no sealed text at all") == ErrorCode::data_corrupt);
}

TEST_CASE("what was sealed for one party is opened for no other") {
    const auto ring = KeyRing::generate();
    const auto sealed = ring.seal(plain, context);
    CHECK(refused(ring, sealed, "owner own_2 version 1") == ErrorCode::data_corrupt);
    CHECK(refused(ring, sealed, "owner own_1 version 2") == ErrorCode::data_corrupt);
    CHECK(refused(ring, sealed, "") == ErrorCode::data_corrupt);
}

TEST_CASE("another ring opens nothing, and says which key is missing") {
    const auto ring = KeyRing::generate();
    const auto other = KeyRing::generate();
    const auto sealed = ring.seal(plain, context);
    CHECK(refused(other, sealed) == ErrorCode::not_found);
    CHECK(other.open(sealed, context).error().message().find(ring.current()) != std::string::npos);
    // A wrong key under the right id.
    auto lines = other.text();
    lines.replace(lines.find(other.current()), 8, ring.current());
    CHECK(refused(KeyRing::parse(lines).value(), sealed) == ErrorCode::data_corrupt);
}

TEST_CASE("a new key seals from now on, and the old ones still open") {
    const auto first = KeyRing::generate();
    const auto old = first.seal(plain, context);
    const auto second = first.with_new_key();
    CHECK(second.size() == 2);
    CHECK(second.current() != first.current());
    CHECK(vault::key_of(second.seal(plain, context)) == second.current());
    CHECK(second.open(old, context).value() == plain);
    const auto trimmed = second.with_only({});
    CHECK(trimmed.size() == 1);
    CHECK(trimmed.current() == second.current());
    CHECK(refused(trimmed, old) == ErrorCode::not_found);
    CHECK(second.with_only({first.current()}).size() == 2);
}

TEST_CASE("a ring is read from its own text and from no other") {
    const auto ring = KeyRing::generate().with_new_key();
    const auto sealed = ring.seal(plain, context);
    const auto again = KeyRing::parse(ring.text()).value();
    CHECK(again.open(sealed, context).value() == plain);
    CHECK(again.current() == ring.current());
    const std::string head = "gleaner keys 1\n";
    const std::string id = "0123abcd ";
    for (const auto& text :
         {std::string(), head, std::string("gleaner keys 2\n"),
          head + id + std::string(63, 'a') + "\n", head + id + std::string(64, 'g') + "\n",
          head + "0123 " + std::string(64, 'a') + "\n",
          head + "0123abcx " + std::string(64, 'a') + "\n", ring.text() + "\n",
          ring.text().substr(5)}) {
        CAPTURE(text);
        CHECK(KeyRing::parse(text).error().code() == ErrorCode::data_corrupt);
    }
    CHECK(KeyRing::parse(head + id + std::string(64, 'a') + "\n").has_value());
}
