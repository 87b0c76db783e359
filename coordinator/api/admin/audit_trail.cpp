#include "coordinator/api/admin/audit_trail.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "coordinator/store/audit.h"
#include "shared/util/log.h"

namespace gleaner::admin {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t text_bytes_max = 500;
constexpr std::size_t outcome_bytes_max = 300;
constexpr std::size_t depth_max = 32;

/// Members whose values are nobody's business, by the ends of their names.
constexpr std::array secret_names{"key",    "secret", "password", "token", "number", "account",
                                  "holder", "login",  "openid",   "card",  "iban",   "real_name"};
/// Of those, the ones that are needed to understand what was done.
constexpr std::array open_names{"idempotency_key", "public_key"};
/// Our own secrets begin like this.
constexpr std::array secret_prefixes{"glo_", "glw_", "glp_", "glt_", "sk-"};

bool is_secret(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (std::ranges::find(open_names, lower) != open_names.end()) return false;
    return std::ranges::any_of(secret_names,
                               [&](std::string_view end) { return lower.ends_with(end); });
}

/// Cut at a character's beginning, so that it stays UTF-8.
std::string cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string(text);
    auto end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "… (" + std::to_string(text.size()) + " bytes)";
}

std::string shown_text(std::string_view text) {
    const bool secret = std::ranges::any_of(
        secret_prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
    return secret ? "[left out]" : cut(text, text_bytes_max);
}

void leave_out_secrets(json::value& value, std::size_t depth) {
    if (depth > depth_max) {
        value = "[left out]";
    } else if (value.is_string()) {
        value = shown_text(value.get_string());
    } else if (value.is_array()) {
        for (auto& element : value.get_array()) leave_out_secrets(element, depth + 1);
    } else if (value.is_object()) {
        for (auto& member : value.get_object()) {
            if (is_secret(member.key())) {
                member.value() = "[left out]";
            } else {
                leave_out_secrets(member.value(), depth + 1);
            }
        }
    }
}

std::string action_of(const api::Request& request) {
    std::string action = std::string(api::to_string(request.method)) + " " + request.path;
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        action += separator + name + "=" + (is_secret(name) ? "[left out]" : shown_text(value));
        separator = '&';
    }
    return cut(action, text_bytes_max);
}

bool changes_something(api::Method method) {
    return method != api::Method::get && method != api::Method::head;
}

}  // namespace

std::string without_secrets(std::string_view body) {
    if (body.empty()) return {};
    boost::system::error_code problem;
    auto value = json::parse(body, problem);
    if (problem) return "[no JSON, " + std::to_string(body.size()) + " bytes]";
    leave_out_secrets(value, 0);
    return cut(json::serialize(value), audit_sent_bytes_max);
}

std::string outcome_of(const api::ApiResult<Document>& answer) {
    if (answer.has_value()) return "200";
    const auto& error = answer.error();
    std::string text = std::to_string(error.status()) + " ";
    text += error.code().empty() ? error.type() : error.code();
    return cut(text + ": " + error.message(), outcome_bytes_max);
}

asio::awaitable<Status> AuditTrail::begin(std::string sent) {
    const auto& who = request_.caller->principal;
    if (who.kind != store::PrincipalKind::operator_ || !changes_something(request_.method)) {
        co_return ok();
    }
    store::AuditAct act{who.subject, who.credential_id, action_of(request_), std::move(sent)};
    std::function<Result<std::int64_t>(store::Store&)> work =
        [act = std::move(act)](store::Store& target) { return store::Audit(target).intend(act); };
    const auto intent = co_await store_.write(std::move(work));
    if (intent.has_error()) {
        co_return Error(ErrorCode::unavailable,
                        "nothing was done, because it could not be written to the audit log: " +
                            intent.error().message());
    }
    intent_ = intent.value();
    co_return ok();
}

asio::awaitable<void> AuditTrail::end(std::string outcome) {
    if (!intent_) co_return;
    std::function<Result<bool>(store::Store&)> work =
        [intent = *intent_, outcome = std::move(outcome)](store::Store& target) -> Result<bool> {
        GLEANER_TRY(store::Audit(target).conclude(intent, outcome));
        return true;
    };
    const auto concluded = co_await store_.write(std::move(work));
    if (concluded.has_error()) {
        spdlog::error("event=audit_outcome_not_written row={} why=\"{}\"", *intent_,
                      concluded.error().message());
    }
}

}  // namespace gleaner::admin
