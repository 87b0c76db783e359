// Aim: sums that hold by what they are made of, and sentences that say the largest loss.
#include "shared/model/device_use.h"

#include <doctest/doctest.h>

#include "shared/model/device_power.h"

using namespace gleaner;

TEST_CASE("leased is useful and lost, offered is that and idle") {
    DeviceUse use;
    use.idle_micros = 5;
    use.useful_micros = 70;
    use.lost(LossCause::engine) = 10;
    use.lost(LossCause::waiting) = 20;
    CHECK(use.leased_micros() == 100);
    CHECK(use.offered_micros() == 105);
    CHECK(use.goodput_permille() == 700);
    CHECK(use.largest_loss() == LossCause::waiting);
    DeviceUse twice = use;
    twice += use;
    CHECK(twice.leased_micros() == 200);
    CHECK(twice.lost(LossCause::engine) == 20);
    CHECK_FALSE(DeviceUse{}.goodput_permille().has_value());
    CHECK_FALSE(DeviceUse{}.largest_loss().has_value());
}

TEST_CASE("the sentence says goodput, what it is held against, and the largest loss") {
    DeviceUse use;
    CHECK(sentence_of(use).en == "No work was lent in this time.");
    use.useful_micros = 934;
    CHECK(sentence_of(use).en.find("largest loss") == std::string::npos);
    use.lost(LossCause::reclaimed) = 66;
    CHECK(sentence_of(use).en ==
          "Of the time in which work was lent, 93.4 % was useful; the best datacentre clusters "
          "report 93.0 %. The largest loss: people who took their machine back (6.6 %).");
    CHECK(sentence_of(use).zh.find("93.4 %") != std::string::npos);
    CHECK(sentence_of(use).zh.find("机器被使用者收回") != std::string::npos);
}

TEST_CASE("every cause has a name of its own and words in both languages") {
    std::string names;
    for (const LossCause cause : loss_causes) {
        const std::string name(to_string(cause));
        CHECK(!name.empty());
        CHECK(names.find("|" + name + "|") == std::string::npos);
        names += "|" + name + "|";
        CHECK(!words_of(cause).en.empty());
        CHECK(!words_of(cause).zh.empty());
    }
    CHECK(loss_causes.size() == loss_cause_count);
    for (std::size_t i = 0; i < loss_cause_count; ++i)
        CHECK(static_cast<std::size_t>(loss_causes[i]) == i);
}

TEST_CASE("shares of large times do not overflow") {
    constexpr std::int64_t century = 100LL * 366 * 86'400'000'000;
    CHECK(permille_of(century, century) == 1'000);
    CHECK(permille_of(5, 0) == 0);
}

TEST_CASE("at the plug a device draws a fifth more") {
    CHECK(watts_at_the_plug(
              device_watts("cuda", "NVIDIA GeForce RTX 3060", 12ULL << 30U, 100).watts) == 204);
    CHECK(watts_at_the_plug(device_watts("cpu", "any", 0, 100).watts) == 78);
}
