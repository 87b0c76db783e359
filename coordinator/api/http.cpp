#include "coordinator/api/http.h"

#include <algorithm>

#include "shared/util/check.h"

namespace gleaner::api {

namespace asio = boost::asio;

namespace {

const std::string* find(const std::vector<Header>& list, std::string_view name) {
    const auto found = std::ranges::find(list, name, &Header::first);
    return found == list.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::delete_:
            return "DELETE";
        case Method::other:
            return "other";
    }
    return "other";
}

std::string_view RequestHead::header(std::string_view lower_case_name) const {
    const auto* value = find(headers, lower_case_name);
    return value == nullptr ? std::string_view() : *value;
}

std::optional<std::string_view> RequestHead::query_value(std::string_view name) const {
    const auto* value = find(query, name);
    if (value == nullptr) return std::nullopt;
    return *value;
}

const std::string& RequestHead::param(std::string_view name) const {
    const auto* value = find(path_params, name);
    GLEANER_CHECK(value != nullptr, "the route's pattern has no such parameter");
    return *value;
}

asio::awaitable<ApiResult<std::string>> Request::read_all() {
    std::string body;
    if (content_length)
        body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*content_length, 1U << 20U)));
    for (;;) {
        const auto piece = co_await read_some();
        if (piece.has_error()) co_return piece.error();
        if (piece.value().empty()) co_return body;
        body += piece.value();
    }
}

ApiStatus check_scopes(const store::Principal& principal, store::Scopes one_of) {
    const bool allowed = one_of.empty() || principal.kind != store::PrincipalKind::project ||
                         principal.scopes.has_one_of(one_of);
    if (allowed) return api_ok();
    std::string wanted = store::to_string(one_of);
    for (std::size_t at = 0; (at = wanted.find(' ', at)) != std::string::npos; at += 4)
        wanted.replace(at, 1, " or ");
    return ApiError(403, "invalid_request_error", "missing_scope",
                    "You have insufficient permissions for this operation. Missing scopes: " +
                        wanted + ". This key has: " + store::to_string(principal.scopes) +
                        ". Use a key with that scope, or have it added (gleanerctl apikey set).");
}

}  // namespace gleaner::api
