/// A reply under an Idempotency-Key and its bill on their way to a real store.

#include "coordinator/api/openai/settlements.h"

#include <doctest/doctest.h>

#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::api;
namespace asio = boost::asio;

namespace {

class KeyedRequest final : public Request {
public:
    explicit KeyedRequest(const ProjectId& project) {
        path = "/v1/chat/completions";
        headers.emplace_back("idempotency-key", "the key");
        caller.emplace();
        caller->project = project;
    }
    [[nodiscard]] asio::awaitable<ApiResult<std::string_view>> read_some() override {
        co_return std::string_view();
    }
};

class KeptReply final : public Reply {
public:
    [[nodiscard]] asio::awaitable<Status> send(int status, std::string, std::string body) override {
        status_ = status;
        text = std::move(body);
        co_return ok();
    }
    [[nodiscard]] asio::awaitable<Status> begin(int, std::string,
                                                std::optional<std::uint64_t>) override {
        co_return Error(ErrorCode::internal, "a kept reply is sent whole");
    }
    [[nodiscard]] asio::awaitable<Status> write(std::string) override { co_return ok(); }
    [[nodiscard]] asio::awaitable<Status> finish() override { co_return ok(); }
    void set_on_gone(std::function<void()>) override {}
    [[nodiscard]] bool begun() const override { return status_ != 0; }
    [[nodiscard]] int status() const override { return status_; }

    std::string text;

private:
    int status_ = 0;
};

/// What became of one attempt to claim the key.
struct Claim {
    std::optional<IdempotencyKey> key;
    int refused_with = 0;
    std::string replayed;
};

struct Rig {
    runtime::test::Rig grid;
    IdempotencyKeys keys{*grid.store};
    Settlements settlements{grid.io.get_executor(), *grid.store, *grid.grid};
    KeyedRequest request{grid.world.project.id};

    void claim(Claim& claim) { grid.wait_for(claim_into(claim)); }
    asio::awaitable<void> claim_into(Claim& claim) {
        KeptReply reply;
        bool replayed = false;
        const std::string body = "the request";
        auto claimed = co_await keys.claim(request, body, reply, replayed);
        if (claimed.has_error()) {
            claim.refused_with = claimed.error().status();
        } else if (replayed) {
            claim.replayed = reply.text;
        } else {
            claim.key.emplace(std::move(*claimed.value()));
        }
    }
    store::Acceptance answer(const std::string& attempt, store::KeptReply reply) const {
        store::Acceptance acceptance;
        acceptance.outcome.request = RequestId{"req_" + attempt};
        acceptance.meters.push_back(grid.world.meter(attempt, Money{100}));
        acceptance.receipt_json = R"({"receipt":true})";
        acceptance.reply = std::move(reply);
        return acceptance;
    }
    Status limit(std::int64_t bytes) {
        return grid.write([=](store::Store& s) { return s.limit_size(bytes); });
    }
    std::int64_t metered() {
        std::int64_t records = -1;
        const auto checked = grid.write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto report, s.check_ledger());
            records = report.meter_records;
            return ok();
        });
        REQUIRE(checked.has_value());
        return records;
    }
};

}  // namespace

TEST_CASE("a reply that cannot be saved keeps its key taken, and is billed once") {
    Rig rig;
    Claim first;
    rig.claim(first);
    REQUIRE(first.key);
    const std::string text(1'000'000, 'x');  // more than the file's free pages take
    auto acceptance = rig.answer("s1", first.key->reply(200, text));
    REQUIRE(rig.limit(1).has_value());
    bool tried = false;
    const auto price =
        rig.settlements.add(std::move(acceptance), std::move(*first.key), [&] { tried = true; });
    CHECK(price == Money{100});
    REQUIRE(rig.grid.until([&] { return tried; }));
    CHECK(rig.settlements.waiting() == 1);
    Claim meanwhile;
    rig.claim(meanwhile);
    CHECK(meanwhile.refused_with == 409);

    REQUIRE(rig.limit(100'000'000).has_value());
    REQUIRE(rig.grid.until([&] { return rig.grid.grid->unsaved() == 0; }));
    Claim later;
    rig.claim(later);
    CHECK(later.replayed == text);
    CHECK(rig.metered() == 1);
}

TEST_CASE("a bill that the store refuses takes its reply along: the request may come again") {
    Rig rig;
    Claim first;
    rig.claim(first);
    REQUIRE(first.key);
    auto acceptance = rig.answer("s1", first.key->reply(200, "{}"));
    acceptance.meters[0].owner = OwnerId{"owner_other"};
    bool tried = false;
    rig.settlements.add(std::move(acceptance), std::move(*first.key), [&] { tried = true; });
    REQUIRE(rig.grid.until([&] { return tried; }));
    CHECK(rig.settlements.waiting() == 0);
    CHECK(rig.metered() == 0);
    Claim again;
    rig.claim(again);
    CHECK(again.key.has_value());
}
