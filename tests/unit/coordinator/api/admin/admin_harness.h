#pragma once
/// The admin API over a real store file and real blobs, without a network: requests go through the
/// real router. The grid is a recorder.

#include <deque>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "coordinator/api/admin/admin_api.h"
#include "coordinator/api/router.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "coordinator/vault/vault.h"
#include "shared/artefact/sha256.h"
#include "tests/unit/shared/artefact/temporary_directory.h"

namespace gleaner::test {

class RecordingGrid final : public admin::GridControl {
public:
    [[nodiscard]] std::map<NodeId, admin::LiveNode> live() const override { return nodes; }
    void cut_off(const NodeId& node, std::string_view) override { cut.push_back(node.get()); }
    void site_policy(const SiteId& site, const std::string& policy) override {
        policies.emplace_back(site.get(), policy);
    }
    void drain(const NodeId& node, std::string_view reason) override {
        drained.push_back(node.get() + ": " + std::string(reason));
    }
    void model_added(const store::Model& model, std::vector<store::Canary> canaries) override {
        models.push_back(model.name);
        canary_count = canaries.size();
    }
    void model_removed(const store::Model& model) override { removed.push_back(model.name); }
    void engine_added(const store::EnginePackage& engine) override {
        engines.push_back(engine.version);
    }

    void customer_weighed(const CustomerId& customer, std::int32_t weight) override {
        weights.emplace_back(customer.get(), weight);
    }

    [[nodiscard]] std::map<std::string, std::int64_t> devices_on_offer() const override {
        return devices;
    }

    std::map<NodeId, admin::LiveNode> nodes;
    std::map<std::string, std::int64_t> devices;
    std::vector<std::pair<std::string, std::int32_t>> weights;
    std::vector<std::string> cut;
    std::vector<std::pair<std::string, std::string>> policies;
    std::vector<std::string> drained;
    std::vector<std::string> models;
    std::vector<std::string> removed;
    std::vector<std::string> engines;
    std::size_t canary_count = 0;
};

class BodyRequest final : public api::Request {
public:
    explicit BodyRequest(std::string body) : body_(std::move(body)) {}
    /// In two pieces, so that nobody relies on one.
    [[nodiscard]] boost::asio::awaitable<api::ApiResult<std::string_view>> read_some() override {
        const std::size_t count = at_ == 0 ? (body_.size() + 1) / 2 : body_.size() - at_;
        const std::string_view piece = std::string_view(body_).substr(at_, count);
        at_ += count;
        co_return piece;
    }

private:
    std::string body_;
    std::size_t at_ = 0;
};

class KeptReply final : public api::Reply {
public:
    [[nodiscard]] boost::asio::awaitable<Status> send(int status, std::string type,
                                                      std::string body) override {
        status_ = status;
        content_type = std::move(type);
        text = std::move(body);
        co_return ok();
    }
    [[nodiscard]] boost::asio::awaitable<Status> begin(int, std::string,
                                                       std::optional<std::uint64_t>) override {
        co_return Error(ErrorCode::internal, "the admin API sends whole replies");
    }
    [[nodiscard]] boost::asio::awaitable<Status> write(std::string) override { co_return ok(); }
    [[nodiscard]] boost::asio::awaitable<Status> finish() override { co_return ok(); }
    void set_on_gone(std::function<void()>) override {}
    [[nodiscard]] bool begun() const override { return status_ != 0; }
    [[nodiscard]] int status() const override { return status_; }

    [[nodiscard]] std::string header(std::string_view name) const {
        for (const auto& [known, value] : headers_)
            if (known == name) return value;
        return {};
    }

    std::string text;
    std::string content_type;

private:
    int status_ = 0;
};

struct Answered {
    int status = 0;
    boost::json::value body;  ///< null for a document
    std::string raw = {};     ///< as it was sent
    std::string content_type = {};
    std::string disposition = {};

    [[nodiscard]] std::string text(const char* key) const {
        return std::string(body.as_object().at(key).as_string());
    }
    [[nodiscard]] std::string error() const {
        return std::string(body.as_object().at("error").as_object().at("message").as_string());
    }
    [[nodiscard]] const boost::json::array& data() const {
        return body.as_object().at("data").as_array();
    }
};

class AdminHarness {
public:
    AdminHarness()
        : store(
              store::StoreExecutor::start(directory / "grid.db", clock, io.get_executor()).value()),
          blobs(store::Blobs::open(directory / "blobs").value()),
          release_key(SigningKey::generate()),
          vault(vault::Vault::open(directory / "payout.key").value()),
          admin_api({.consent = consent,
                     .authority_pin = std::string(64, 'a'),
                     .release_key = release_key.public_key(),
                     .database = directory / "grid.db",
                     .payouts = payout_policy(),
                     .payer_login = "pay@platform.example",
                     .payer_name = "Platform",
                     .invoices = seller()},
                    {.clock = clock,
                     .store = *store,
                     .blobs = blobs,
                     .grid = grid,
                     .blocking = pool.get_executor(),
                     .forget_cached = [this] { ++key_changes; },
                     .vault = vault}) {
        admin_api.add_routes(router);
        platform = principal(store::PrincipalKind::operator_, "root");
        platform.role = store::OperatorRole::admin;
    }
    ~AdminHarness() { pool.join(); }

    [[nodiscard]] static ledger::InvoiceTerms seller() {
        ledger::InvoiceTerms terms;
        terms.seller.title = "Grid Operations Ltd";
        terms.seller.taxpayer_number = "91310000MA1FL0XX00";
        return terms;
    }
    [[nodiscard]] static store::Principal principal(store::PrincipalKind kind, std::string subject,
                                                    std::string credential = {}) {
        return {kind, std::move(credential), std::move(subject), {}, {}};
    }

    /// Like a client with `who`'s key.
    Answered call(const store::Principal& who, api::Method method, const std::string& target,
                  const std::string& body = {}) {
        BodyRequest request(body);
        KeptReply reply;
        const std::size_t mark = target.find('?');
        request.method = method;
        request.path = target.substr(0, mark);
        if (mark != std::string::npos) {
            request.query = api::parse_query(std::string_view(target).substr(mark + 1)).value();
        }
        request.caller = api::Caller{who, {}, {}, {}};
        const auto match = router.match(method, request.path);
        REQUIRE_MESSAGE(match.route != nullptr, target);
        request.path_params = match.params;
        request.content_length = body.size();
        std::optional<api::ApiStatus> handled;
        boost::asio::co_spawn(io, run(*match.route, request, reply, handled),
                              [](std::exception_ptr failed) {
                                  if (failed) std::rethrow_exception(failed);
                              });
        io.restart();
        io.run();
        REQUIRE(handled);
        if (handled->has_error()) {
            return {handled->error().status(), boost::json::parse(handled->error().body()), {}};
        }
        const bool is_json = reply.content_type == "application/json";
        return {reply.status(), is_json ? boost::json::parse(reply.text) : boost::json::value(),
                reply.text, reply.content_type, reply.header("Content-Disposition")};
    }
    Answered get(const store::Principal& who, const std::string& target) {
        return call(who, api::Method::get, target);
    }
    Answered post(const store::Principal& who, const std::string& target,
                  const boost::json::value& body) {
        return call(who, api::Method::post, target, boost::json::serialize(body));
    }
    Answered put(const store::Principal& who, const std::string& target,
                 const boost::json::value& body) {
        return call(who, api::Method::put, target, boost::json::serialize(body));
    }
    Answered remove(const store::Principal& who, const std::string& target) {
        return call(who, api::Method::delete_, target);
    }

    /// What the real authenticator would find for a key that was shown.
    store::Principal principal_of(const std::string& key) {
        std::function<Result<store::Principal>(store::Store&)> work = [&](store::Store& s) {
            return s.authenticate(hash_bytes(std::string_view(key)).get());
        };
        return in_store(std::move(work)).value();
    }
    template <class T>
    Result<T> in_store(std::function<Result<T>(store::Store&)> work) {
        std::optional<Result<T>> out;
        boost::asio::co_spawn(io, write_into(std::move(work), out), [](std::exception_ptr failed) {
            if (failed) std::rethrow_exception(failed);
        });
        io.restart();
        io.run();
        return std::move(*out);
    }

    /// A site of a fresh owner, made the only way there is.
    struct SiteOfOwner {
        store::Principal owner;
        std::string site;
    };
    SiteOfOwner new_site(const std::string& name) {
        const auto added = post(platform, "/api/v1/owners", {{"name", "owner of " + name}});
        REQUIRE(added.status == 200);
        const auto owner = principal_of(added.text("key"));
        const auto site = post(owner, "/api/v1/sites", {{"name", name}, {"consent", acceptance()}});
        REQUIRE(site.status == 200);
        return {owner, site.text("id")};
    }
    NodeId new_node(const SiteOfOwner& at, const std::string& hardware) {
        const auto token = post(at.owner, "/api/v1/tokens", {{"site", at.site}}).text("token");
        store::EnrolmentRequest request;
        request.token_secret_sha256 =
            hash_bytes(std::string_view(token).substr(0, token.find('.'))).get();
        request.hardware_fingerprint = hardware;
        request.hostname = "pc";
        std::function<Result<store::EnrolmentGrant>(store::Store&)> work = [&](store::Store& s) {
            return s.begin_enrolment(request);
        };
        return in_store(std::move(work)).value().node;
    }
    [[nodiscard]] boost::json::object acceptance() const {
        return {{"date", consent.date},
                {"sha256", hash_bytes(std::string_view(consent.text)).get()},
                {"accepted", true}};
    }
    /// At least 100 CNY at a time; above 5 000 CNY two operators approve.
    [[nodiscard]] static ledger::PayoutPolicy payout_policy() {
        ledger::PayoutPolicy policy;
        policy.minimum.fill(Money{100'000'000});
        policy.two_person_above.fill(Money{5'000'000'000});
        return policy;
    }
    /// Puts bytes into the artefacts; returns their hash.
    std::string upload(const std::string& bytes) {
        const std::string id = hash_bytes(std::string_view(bytes)).get();
        const auto put = call(platform, api::Method::put, "/api/v1/artefacts/" + id, bytes);
        REQUIRE(put.status == 200);
        return id;
    }

    admin::ConsentText consent = admin::consent_text({});
    TemporaryDirectory directory;
    ManualClock clock;
    boost::asio::io_context io;
    boost::asio::thread_pool pool{1};
    std::unique_ptr<store::StoreExecutor> store;
    store::Blobs blobs;
    RecordingGrid grid;
    SigningKey release_key;
    vault::Vault vault;
    int key_changes = 0;
    admin::AdminApi admin_api;
    api::Router router;
    store::Principal platform;

private:
    static boost::asio::awaitable<void> run(const api::Route& route, api::Request& request,
                                            api::Reply& reply,
                                            std::optional<api::ApiStatus>& handled) {
        auto handling = route.handler(request, reply);
        handled.emplace(co_await std::move(handling));
    }
    template <class T>
    boost::asio::awaitable<void> write_into(std::function<Result<T>(store::Store&)> work,
                                            std::optional<Result<T>>& out) {
        out.emplace(co_await store->write<T>(std::move(work)));
    }
};

}  // namespace gleaner::test
