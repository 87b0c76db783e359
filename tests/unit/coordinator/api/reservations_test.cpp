/// Aim: on whose machines a request works, by what it names and what its project has.

#include "coordinator/api/openai/reservations.h"

#include <doctest/doctest.h>

using namespace gleaner;
using namespace gleaner::api;

namespace {

store::RunningReservation running(const char* id, const char* project,
                                  PrivacyClass privacy = PrivacyClass::any) {
    return {id, CustomerId{"cus_1"}, ProjectId{project}, {"cpu", 1, privacy}, true};
}

const ProjectId own{"proj_own"};

ApiResult<std::optional<store::RunningReservation>> choose(
    const std::vector<store::RunningReservation>& all, const PlaceWish& wish) {
    return choose_reservation(all, own, wish);
}

}  // namespace

TEST_CASE("without a name the project's only reservation is used, and of two none") {
    CHECK(!choose({}, {}).value());
    CHECK(!choose({running("ctr_a", "proj_other")}, {}).value());
    const auto one = running("ctr_a", "proj_own");
    CHECK(choose({one, running("ctr_b", "proj_other")}, {}).value()->id == "ctr_a");
    CHECK(!choose({one, running("ctr_b", "proj_own")}, {}).value());
}

TEST_CASE("a name chooses among the project's own, and none means shared machines") {
    const std::vector all{running("ctr_a", "proj_own"), running("ctr_b", "proj_own"),
                          running("ctr_c", "proj_other")};
    CHECK(choose(all, {.named = "ctr_b"}).value()->id == "ctr_b");
    CHECK(!choose({all.front()}, {.named = "none"}).value());
    for (const char* id : {"ctr_c", "ctr_z", ""}) {
        const auto refused = choose(all, {.named = id});
        REQUIRE(refused.has_error());
        CHECK(refused.error().status() == 404);
        CHECK(refused.error().code() == "reservation_not_found");
        CHECK(refused.error().param() == "gleaner.reservation");
    }
}

TEST_CASE("a stricter privacy class than the reservation's is refused, others are not") {
    const std::vector certified{running("ctr_a", "proj_own", PrivacyClass::certified)};
    CHECK(choose(certified, {.privacy = PrivacyClass::any}).value());
    CHECK(choose(certified, {.privacy = PrivacyClass::certified}).value());
    const auto refused = choose(certified, {.privacy = PrivacyClass::own});
    REQUIRE(refused.has_error());
    CHECK(refused.error().status() == 400);
    CHECK(refused.error().param() == "gleaner.privacy");
    CHECK(refused.error().message().find("\"none\"") != std::string::npos);
    CHECK(choose({running("ctr_a", "proj_own")}, {.privacy = PrivacyClass::certified}).has_error());
    // On shared machines it is nobody's business here.
    CHECK(!choose(certified, {.named = "none", .privacy = PrivacyClass::own}).value());
}

TEST_CASE("replicas and hours that cannot be paid are refused on reserved machines") {
    auto one = running("ctr_a", "proj_own");
    CHECK(choose({one}, {.replicas = 2}).error().param() == "gleaner.replicas");
    CHECK(!choose({one}, {.named = "none", .replicas = 2}).value());
    one.funded = false;
    const auto unpaid = choose({one}, {});
    REQUIRE(unpaid.has_error());
    CHECK(unpaid.error().status() == 429);
    CHECK(unpaid.error().code() == "insufficient_quota");
}

TEST_CASE("work on reserved machines has no price, in the project's currency and their class") {
    const auto tariff =
        tariff_on(running("ctr_a", "proj_own", PrivacyClass::certified), Currency::usd);
    CHECK(tariff.at({}) == TokenPrice{0, 0, 0});
    CHECK(tariff.currency == Currency::usd);
    CHECK(tariff.tier == PrivacyClass::certified);
    CHECK(price_of(tariff.highest(), 1'000'000, 1'000'000) == Money{});
}
