#include "coordinator/api/admin/admin_api.h"

#include <algorithm>
#include <filesystem>

#include <boost/json.hpp>

#include "coordinator/api/admin/artefact_upload.h"
#include "coordinator/api/admin/blocking_work.h"
#include "coordinator/api/admin/call.h"
#include "coordinator/openai/api_error.h"
#include "coordinator/store/blobs.h"
#include "shared/artefact/sha256.h"
#include "shared/util/log.h"

namespace gleaner::admin {

namespace {

constexpr std::string_view prefix = "/api/v1/";
constexpr std::string_view artefact_prefix = "/api/v1/artefacts/";

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Undoes percent escapes; malformed ones stay as they are and then match nothing.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? nibble(text[i + 1]) : -1;
        const int low = high >= 0 ? nibble(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::map<std::string, std::string> query_of(std::string_view target) {
    std::map<std::string, std::string> parameters;
    const std::size_t mark = target.find('?');
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        parameters[unescaped(pair.substr(0, equals))] = unescaped(pair.substr(equals + 1));
    }
    return parameters;
}

/// The captured parts when `path` fits `pattern`, part by part.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> captures;
    while (true) {
        const std::string_view wanted = pattern.substr(0, pattern.find('/'));
        const std::string_view part = path.substr(0, path.find('/'));
        if (wanted == "{}") {
            if (part.empty()) return std::nullopt;
            captures.push_back(unescaped(part));
        } else if (wanted != part) {
            return std::nullopt;
        }
        const bool pattern_ends = wanted.size() == pattern.size();
        const bool path_ends = part.size() == path.size();
        if (pattern_ends || path_ends) {
            if (pattern_ends && path_ends) return captures;
            return std::nullopt;
        }
        pattern.remove_prefix(wanted.size() + 1);
        path.remove_prefix(part.size() + 1);
    }
}

unsigned who_is(store::PrincipalKind kind) {
    switch (kind) {
        case store::PrincipalKind::operator_:
            return operators;
        case store::PrincipalKind::owner:
            return owners;
        case store::PrincipalKind::partner:
            return partners;
        case store::PrincipalKind::project:
            return customers;
    }
    return 0;
}

}  // namespace

struct AdminApi::Implementation {
    AdminState state;
    std::vector<Route> routes;

    [[nodiscard]] Result<const Route*> route_of(const AdminRequest& request,
                                                std::vector<std::string>& captures) const {
        bool path_is_known = false;
        for (const Route& route : routes) {
            auto captured = match(route.pattern, path_of(request.target));
            if (!captured) continue;
            path_is_known = true;
            if (request.method != route.method) continue;
            if ((route.who & who_is(request.principal.kind)) == 0) {
                return Error(ErrorCode::permission_denied,
                             route.refusal != nullptr
                                 ? route.refusal
                                 : "this key may not do that: it takes another kind of key");
            }
            captures = std::move(*captured);
            return &route;
        }
        return Error(ErrorCode::not_found,
                     path_is_known ? "this address does not take " + request.method
                                   : "there is nothing at " +
                                         std::string(path_of(request.target).substr(0, 200)));
    }
};

AdminReply refusal(const Error& error) {
    const openai::ApiError api_error(error);
    if (!api_error.detail().empty())
        spdlog::error("admin: internal why=\"{}\"", api_error.detail());
    return {api_error.status(), api_error.body()};
}

AdminApi::AdminApi(AdminOptions options, const AdminNeeds& needs)
    : implementation_(new Implementation{{std::move(options), needs}, {}}) {
    for (const auto& part :
         {people_routes(), site_routes(), node_routes(), catalogue_routes(), money_routes()}) {
        implementation_->routes.insert(implementation_->routes.end(), part.begin(), part.end());
    }
}

AdminApi::~AdminApi() = default;

bool AdminApi::owns(std::string_view target) {
    return target.starts_with(prefix);
}

std::optional<Sha256> AdminApi::upload_target(std::string_view method, std::string_view target) {
    const std::string_view path = path_of(target);
    if (method != "PUT" || !path.starts_with(artefact_prefix)) return std::nullopt;
    const auto id = parse_sha256(path.substr(artefact_prefix.size()));
    if (!id) return std::nullopt;
    return id.value();
}

boost::asio::awaitable<AdminReply> AdminApi::answer(AdminRequest request) {
    if (request.body.size() > admin_body_bytes_max) {
        const Error error(ErrorCode::too_large, "the request's body is larger than 16 MiB");
        co_return refusal(error);
    }
    std::vector<std::string> captures;
    const auto route = implementation_->route_of(request, captures);
    if (route.has_error()) co_return refusal(route.error());
    auto body = JsonBody::parse(request.body);
    if (body.has_error()) co_return refusal(body.error());
    Call call(request.principal, std::move(captures), query_of(request.target),
              std::move(body).value());
    auto answering = route.value()->handler(implementation_->state, std::move(call));
    const auto answer = co_await std::move(answering);
    if (answer.has_error()) co_return refusal(answer.error());
    co_return AdminReply(200, boost::json::serialize(answer.value()));
}

boost::asio::awaitable<Result<std::unique_ptr<ArtefactUpload>>> AdminApi::begin_upload(
    store::Principal principal, Sha256 id, std::optional<std::uint64_t> size_bytes) {
    if (principal.kind != store::PrincipalKind::operator_) {
        co_return Error(ErrorCode::permission_denied, "only operators add models and engines");
    }
    AdminNeeds& needs = implementation_->state.needs;
    store::Blobs* blobs = &needs.blobs;
    std::function<Result<std::int64_t>()> work = [blobs] { return blobs->free_bytes(); };
    const auto free = co_await run_blocking<std::int64_t>(needs.blocking, std::move(work));
    if (free.has_error()) co_return free.error();
    // What remains must be enough for the database to go on.
    constexpr std::int64_t reserve = 256ll << 20;
    const auto wanted = static_cast<std::int64_t>(size_bytes.value_or(0) & ~(1ull << 63));
    if (wanted > free.value() - reserve) {
        co_return Error(ErrorCode::disk_full,
                        "the coordinator's disk has " + std::to_string(free.value() >> 20) +
                            " MiB free, the upload needs " + std::to_string(wanted >> 20) +
                            " MiB and 256 MiB to spare: make room in its data folder");
    }
    co_return std::make_unique<ArtefactUpload>(std::move(id), needs.blobs, needs.blocking);
}

Result<store::Site> site_of_caller(store::Store& store, const Call& call, const SiteId& id) {
    GLEANER_TRY(auto site, store.site(id));
    const auto owner = call.owner();
    if (owner && site.owner != *owner) return Error(ErrorCode::not_found, "no such site");
    return site;
}

}  // namespace gleaner::admin
