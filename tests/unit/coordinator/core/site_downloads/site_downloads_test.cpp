#include "coordinator/core/site_downloads/site_downloads.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace gleaner;
using core::DownloadAdvice;
using core::DownloadQuestion;
using core::SiteDownloads;
using From = core::DownloadAdvice::From;

namespace {

constexpr std::uint64_t chunks_all = 60;

DownloadQuestion question(const std::string& node, std::uint64_t chunks) {
    return {SiteId("s"), NodeId(node), Sha256(std::string(64, 'a')), chunks, chunks_all, true, {}};
}

/// A site in virtual time: in each step of 100 ms the one at the origin gets a chunk, and every
/// node gives each of its takers one that it has.
struct Site {
    explicit Site(int count) {
        for (int i = 0; i < count; ++i) pcs.push_back({"n" + std::to_string(1000 + i), 0, now});
    }
    struct Pc {
        std::string name;
        std::uint64_t chunks;
        Time next_ask;
        DownloadAdvice advice;
        std::uint64_t uploaded = 0;
        std::uint32_t uploads_at_once = 0;
        bool off = false;
        bool stuck = false;  ///< its line to the origin is dead, its LAN is not
        bool wrong = false;  ///< what it gives does not verify
        std::vector<NodeId> failed;
    };

    Pc& pc(const NodeId& id) {
        return *std::find_if(pcs.begin(), pcs.end(),
                             [&id](const Pc& p) { return p.name == id.get(); });
    }

    void step() {
        now = now + 100ms;
        for (Pc& p : pcs) p.uploads_at_once = 0;
        std::uint32_t at_origin = 0;
        for (Pc& p : pcs) {
            if (p.off || (p.chunks == chunks_all && p.advice.from == From::wait)) continue;
            if (p.next_ask <= now) {
                DownloadQuestion q = question(p.name, p.chunks);
                q.failed = std::exchange(p.failed, {});
                p.advice = downloads.ask(q, now);
                p.next_ask = now + p.advice.ask_again;
            }
            if (p.advice.from == From::origin) {
                if (p.stuck || p.chunks == chunks_all) continue;
                ++p.chunks;
                ++origin_chunks;
                ++at_origin;
            } else if (p.advice.from == From::neighbour) {
                Pc& from = pc(p.advice.neighbour);
                if (from.off || from.wrong) {
                    p.failed.push_back(p.advice.neighbour);
                    p.advice = {};
                    p.next_ask = now;
                    continue;
                }
                if (from.chunks <= p.chunks) continue;
                ++p.chunks;
                ++from.uploaded;
                uploads_max = std::max(uploads_max, ++from.uploads_at_once);
            }
        }
        origin_max = std::max(origin_max, at_origin);
    }

    bool run_until_all_have_it(int steps_max) {
        for (int i = 0; i < steps_max; ++i) {
            step();
            if (std::all_of(pcs.begin(), pcs.end(),
                            [](const Pc& p) { return p.off || p.chunks == chunks_all; })) {
                return true;
            }
        }
        return false;
    }

    Time now{1'000'000};
    SiteDownloads downloads{{}};
    std::vector<Pc> pcs;
    std::uint64_t origin_chunks = 0;
    std::uint32_t origin_max = 0;
    std::uint32_t uploads_max = 0;
};

}  // namespace

TEST_CASE("a hundred PCs that start together download one copy, and no PC serves the whole site") {
    Site site(100);
    REQUIRE(site.run_until_all_have_it(3000));
    CHECK(site.origin_chunks == chunks_all);
    CHECK(site.origin_max == 1);
    CHECK(site.uploads_max <= 4);
    for (const auto& pc : site.pcs) CHECK(pc.uploaded <= 12 * chunks_all);
    // The tree is filled while the first copy comes, not after it.
    CHECK(site.now - Time{1'000'000} < 100ms * 60 * 8);
}

TEST_CASE("the elected PC vanishes halfway: the next goes on from what the site has") {
    Site site(100);
    for (int i = 0; i < 30; ++i) site.step();
    auto elected = std::find_if(site.pcs.begin(), site.pcs.end(),
                                [](const auto& p) { return p.advice.from == From::origin; });
    REQUIRE(elected != site.pcs.end());
    elected->off = true;
    site.downloads.gone(SiteId("s"), NodeId(elected->name));
    REQUIRE(site.run_until_all_have_it(6000));
    CHECK(site.origin_chunks <= chunks_all * 12 / 10);
    CHECK(site.origin_max == 1);
}

TEST_CASE("the elected PC stalls: it loses its turn and gets the rest from its neighbours") {
    Site site(20);
    for (int i = 0; i < 30; ++i) site.step();
    auto elected = std::find_if(site.pcs.begin(), site.pcs.end(),
                                [](const auto& p) { return p.advice.from == From::origin; });
    REQUIRE(elected != site.pcs.end());
    elected->stuck = true;
    REQUIRE(site.run_until_all_have_it(6000));
    CHECK(elected->chunks == chunks_all);
    CHECK(site.origin_chunks <= chunks_all * 12 / 10);
}

TEST_CASE("a PC that gives wrong chunks costs the site no second copy") {
    Site site(20);
    site.pcs[5].wrong = true;
    REQUIRE(site.run_until_all_have_it(6000));
    CHECK(site.pcs[5].uploaded == 0);
    CHECK(site.origin_chunks <= chunks_all * 12 / 10);
}

TEST_CASE("PCs that cannot reach one another go to the origin one after the other") {
    SiteDownloads downloads{{}};
    Time now{1'000'000};
    CHECK(downloads.ask(question("a", 0), now).from == From::origin);
    CHECK(downloads.ask(question("b", 0), now).from == From::wait);
    CHECK(downloads.ask(question("a", chunks_all), now).from == From::wait);
    CHECK(downloads.ask(question("b", 0), now).neighbour == NodeId("a"));
    auto again = question("b", 0);
    again.failed = {NodeId("a")};
    CHECK(downloads.ask(again, now).from == From::origin);
    // Later the neighbour is given another chance.
    now = now + 301s;
    CHECK(downloads.ask(question("c", 0), now).neighbour == NodeId("a"));
}

TEST_CASE("sites do not see one another, nor does a node that left") {
    SiteDownloads downloads{{}};
    const Time now{1'000'000};
    CHECK(downloads.ask(question("a", chunks_all), now).from == From::wait);
    auto other = question("b", 0);
    other.site = SiteId("t");
    CHECK(downloads.ask(other, now).from == From::origin);
    CHECK(downloads.ask(question("c", 0), now).neighbour == NodeId("a"));
    CHECK(downloads.uploads(SiteId("s"), Sha256(std::string(64, 'a')), NodeId("a")) == 1);
    downloads.gone(SiteId("s"), NodeId("a"));
    CHECK(downloads.ask(question("c", 0), now).from == From::origin);
    downloads.gone(SiteId("s"), NodeId("c"));
    downloads.gone(SiteId("t"), NodeId("b"));
    CHECK(downloads.size() == 0);
}
