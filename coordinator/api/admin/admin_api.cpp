#include "coordinator/api/admin/admin_api.h"

#include <charconv>

#include <boost/json.hpp>

#include "coordinator/api/admin/artefact_upload.h"
#include "coordinator/api/admin/audit_trail.h"
#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/api/router.h"
#include "coordinator/store/blobs.h"
#include "shared/artefact/sha256.h"

namespace gleaner::admin {

namespace asio = boost::asio;
using api::ApiStatus;

namespace {

/// What must stay free on the disk, so that the database can go on.
constexpr std::int64_t disk_reserve_bytes = 256ll << 20;
/// Pieces of an upload are collected to this size before they go to disk.
constexpr std::size_t upload_block_bytes = 1u << 20;

unsigned who_is(store::OperatorRole role) {
    switch (role) {
        case store::OperatorRole::admin:
            return admins;
        case store::OperatorRole::finance:
            return finance;
        case store::OperatorRole::support:
            return support;
    }
    return 0;
}

unsigned who_is(const store::Principal& principal) {
    switch (principal.kind) {
        case store::PrincipalKind::operator_:
            return who_is(principal.role);
        case store::PrincipalKind::owner:
            return owners;
        case store::PrincipalKind::partner:
            return partners;
        case store::PrincipalKind::project:
            return customers;
    }
    return 0;
}

/// Why this key may not call the route.
std::string refusal_of(const AdminRoute& route, const store::Principal& principal) {
    if (principal.kind == store::PrincipalKind::operator_ && (route.who & operators) != 0) {
        std::string roles;
        for (const auto role : {store::OperatorRole::admin, store::OperatorRole::finance,
                                store::OperatorRole::support}) {
            if ((route.who & who_is(role)) == 0) continue;
            roles += (roles.empty() ? "" : " or ") + std::string(to_string(role));
        }
        return "this takes an operator with the role " + roles + ", and yours is " +
               std::string(to_string(principal.role));
    }
    if (route.refusal != nullptr) return route.refusal;
    return "this key may not do that: it takes another kind of key";
}

Call call_from(const api::Request& request, JsonBody body) {
    std::vector<std::string> captures;
    for (const auto& [name, value] : request.path_params) captures.push_back(value);
    std::map<std::string, std::string> query(request.query.begin(), request.query.end());
    return {request.caller->principal, std::move(captures), std::move(query), std::move(body)};
}

constexpr const char* json_type = "application/json";

Document json_document(std::string text) {
    return {json_type, {}, std::move(text)};
}

/// `state` and `route` outlive the request; so do its two halves.
asio::awaitable<api::ApiResult<Document>> answer_of(AdminState& state, const AdminRoute& route,
                                                    const api::Request& request,
                                                    std::string_view text) {
    if ((route.who & who_is(request.caller->principal)) == 0) {
        co_return Error(ErrorCode::permission_denied, refusal_of(route, request.caller->principal));
    }
    const auto scoped = api::check_scopes(request.caller->principal, route.one_of);
    if (scoped.has_error()) co_return scoped.error();
    auto body = JsonBody::parse(text);
    if (body.has_error()) co_return std::move(body).error();
    if (route.document != nullptr) {
        auto writing = route.document(state, call_from(request, std::move(body).value()));
        auto document = co_await std::move(writing);
        if (document.has_error()) co_return document.error();
        co_return std::move(document).value();
    }
    auto answering = route.handler(state, call_from(request, std::move(body).value()));
    const auto answer = co_await std::move(answering);
    if (answer.has_error()) co_return answer.error();
    co_return json_document(boost::json::serialize(answer.value()));
}

/// A client that is gone does not change what was done. What is shown in a browser runs nothing
/// and loads nothing, whatever a name in it says.
asio::awaitable<ApiStatus> send(api::ApiResult<Document> answer, api::Reply& reply) {
    if (answer.has_error()) co_return std::move(answer).error();
    auto document = std::move(answer).value();
    if (document.content_type != json_type) {
        reply.add_header("X-Content-Type-Options", "nosniff");
        reply.add_header("Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    }
    if (!document.file_name.empty()) {
        reply.add_header("Content-Disposition",
                         "attachment; filename=\"" + document.file_name + "\"");
    }
    (void)co_await reply.send(200, std::move(document.content_type), std::move(document.bytes));
    co_return api::api_ok();
}

asio::awaitable<ApiStatus> serve(AdminState& state, const AdminRoute& route, api::Request& request,
                                 api::Reply& reply) {
    auto text = co_await request.read_all();
    if (text.has_error()) co_return std::move(text).error();
    AuditTrail trail(state.needs.store, request);
    const auto recorded = co_await trail.begin(without_secrets(text.value()));
    if (recorded.has_error()) co_return recorded.error();
    auto answer = co_await answer_of(state, route, request, text.value());
    co_await trail.end(outcome_of(answer));
    co_return co_await send(std::move(answer), reply);
}

/// Is there room for an upload of this size?
asio::awaitable<Status> check_room(AdminState& state, std::uint64_t size_bytes) {
    store::Blobs* blobs = &state.needs.blobs;
    std::function<Result<std::int64_t>()> work = [blobs] { return blobs->free_bytes(); };
    const auto free = co_await run_blocking<std::int64_t>(state.needs.blocking, std::move(work));
    if (free.has_error()) co_return free.error();
    if (size_bytes <= artefact_bytes_max &&
        static_cast<std::int64_t>(size_bytes) <= free.value() - disk_reserve_bytes) {
        co_return ok();
    }
    co_return Error(ErrorCode::too_large,
                    "the coordinator's disk has " + std::to_string(free.value() >> 20) +
                        " MiB free, the upload needs " + std::to_string(size_bytes >> 20) +
                        " MiB and 256 MiB to spare: make room in its data folder");
}

asio::awaitable<api::ApiResult<Document>> receive_artefact(AdminState& state,
                                                           api::Request& request) {
    if (request.caller->principal.kind != store::PrincipalKind::operator_) {
        co_return Error(ErrorCode::permission_denied, "only operators add models and engines");
    }
    auto id = parse_sha256(request.param("id"));
    if (id.has_error()) co_return std::move(id).error();
    const auto room = co_await check_room(state, request.content_length.value_or(0));
    if (room.has_error()) co_return room.error();
    ArtefactUpload upload(id.value(), state.needs.blobs, state.needs.blocking);
    std::string block;
    while (true) {
        auto piece = co_await request.read_some();
        if (piece.has_error()) co_return std::move(piece).error();
        block += piece.value();
        if (!piece.value().empty() && block.size() < upload_block_bytes) continue;
        const bool last = piece.value().empty();
        const auto written = co_await upload.write(std::exchange(block, {}));
        if (written.has_error()) co_return written.error();
        if (last) break;
    }
    const auto size = co_await upload.finish();
    if (size.has_error()) co_return size.error();
    const boost::json::object shown{{"sha256", id.value().get()}, {"size_bytes", size.value()}};
    co_return json_document(boost::json::serialize(shown));
}

asio::awaitable<ApiStatus> serve_artefact(AdminState& state, api::Request& request,
                                          api::Reply& reply) {
    AuditTrail trail(state.needs.store, request);
    const auto recorded =
        co_await trail.begin(std::to_string(request.content_length.value_or(0)) + " bytes");
    if (recorded.has_error()) co_return recorded.error();
    auto answer = co_await receive_artefact(state, request);
    co_await trail.end(outcome_of(answer));
    co_return co_await send(std::move(answer), reply);
}

}  // namespace

AdminApi::AdminApi(AdminOptions options, const AdminNeeds& needs)
    : state_(new AdminState{std::move(options), needs, {}, false}) {
    for (const auto& part : {people_routes(),         site_routes(),
                             node_routes(),           catalogue_routes(),
                             money_routes(),          contract_routes(),
                             referral_routes(),       review_routes(),
                             statement_routes(),      operator_routes(),
                             payout_account_routes(), payout_batch_routes(),
                             payout_routes(),         metering_routes(),
                             price_routes(),          key_routes(),
                             tenant_routes(),         usage_routes(),
                             invoice_routes(),        audit_routes(),
                             close_routes(),          customer_contract_routes()}) {
        state_->routes.insert(state_->routes.end(), part.begin(), part.end());
    }
}

AdminApi::~AdminApi() = default;

void AdminApi::add_routes(api::Router& router) {
    AdminState* state = state_.get();
    for (const AdminRoute& route : state->routes) {
        const AdminRoute* kept = &route;
        api::Route added;
        added.method = route.method;
        added.pattern = route.pattern;
        added.access = api::Access::any_key;
        added.body_bytes_max = admin_body_bytes_max;
        added.handler = [state, kept](api::Request& request, api::Reply& reply) {
            return serve(*state, *kept, request, reply);
        };
        router.add(std::move(added));
    }
    api::Route upload;
    upload.method = api::Method::put;
    upload.pattern = "/api/v1/artefacts/{id}";
    upload.access = api::Access::any_key;
    upload.body_bytes_max = artefact_bytes_max;
    upload.handler = [state](api::Request& request, api::Reply& reply) {
        return serve_artefact(*state, request, reply);
    };
    router.add(std::move(upload));
}

Result<Currency> currency_of(const std::string& code) {
    if (code.empty()) return Currency::cny;
    const auto known = parse_currency(code);
    if (known) return *known;
    return Error(ErrorCode::invalid_argument,
                 "\"" + code.substr(0, 20) +
                     "\" is no currency that is known here: CNY, USD, EUR, HKD or SGD");
}

Result<std::int64_t> limit_of(const Call& call, std::int64_t max) {
    const std::string text = call.parameter("limit");
    if (text.empty()) return max;
    std::int64_t limit = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (whole && limit >= 1 && limit <= max) return limit;
    return Error(ErrorCode::invalid_argument,
                 "\"limit\" must be a whole number from 1 to " + std::to_string(max));
}

Result<store::Site> site_of_caller(store::Store& store, const Call& call, const SiteId& id) {
    GLEANER_TRY(auto site, store.site(id));
    const auto owner = call.owner();
    if (owner && site.owner != *owner) return Error(ErrorCode::not_found, "no such site");
    return site;
}

}  // namespace gleaner::admin
