#pragma once
/// What a route's handler is given, and how it answers. Internal to coordinator/api/admin.

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "coordinator/api/admin/admin_api.h"
#include "coordinator/api/admin/json_body.h"
#include "coordinator/api/http.h"
#include "coordinator/store/executor.h"
#include "coordinator/store/store.h"

namespace gleaner::admin {

/// A class with a constructor, so that it may travel in co_await expressions.
class Call {
public:
    Call(store::Principal who, std::vector<std::string> path_captures,
         std::map<std::string, std::string> query_parameters, JsonBody json_body)
        : principal(std::move(who)),
          captures(std::move(path_captures)),
          query(std::move(query_parameters)),
          body(std::move(json_body)) {}

    [[nodiscard]] bool by(store::PrincipalKind kind) const { return principal.kind == kind; }
    /// The owner whose key this is; nothing for an operator.
    [[nodiscard]] std::optional<OwnerId> owner() const {
        if (!by(store::PrincipalKind::owner)) return std::nullopt;
        return OwnerId(principal.subject);
    }
    /// A query parameter, or empty.
    [[nodiscard]] std::string parameter(const std::string& name) const {
        const auto found = query.find(name);
        return found == query.end() ? std::string() : found->second;
    }

    /// A query parameter that is a whole number; `absent` without it. Errors: invalid_argument.
    [[nodiscard]] Result<std::int64_t> number(const std::string& name, std::int64_t min,
                                              std::int64_t max, std::int64_t absent) const {
        const auto text = parameter(name);
        if (text.empty()) return absent;
        std::int64_t value = 0;
        const auto* end = text.data() + text.size();
        const auto [rest, problem] = std::from_chars(text.data(), end, value);
        if (problem == std::errc{} && rest == end && value >= min && value <= max) return value;
        return Error(ErrorCode::invalid_argument, "'" + name + "' is a whole number from " +
                                                      std::to_string(min) + " to " +
                                                      std::to_string(max));
    }

    store::Principal principal;
    std::vector<std::string> captures;  ///< of the pattern's parameters, in order
    std::map<std::string, std::string> query;
    JsonBody body;
};

struct AdminState;

using Answer = boost::asio::awaitable<Result<boost::json::value>>;
/// Store work whose result is the answer itself.
using StoreWork = std::function<Result<boost::json::value>(store::Store&)>;

/// An answer that is no JSON value: bytes of a type, and what a browser saves them as. A class with
/// a constructor, so that it may travel in co_await expressions.
class Document {
public:
    Document() = default;
    Document(std::string type, std::string name, std::string content)
        : content_type(std::move(type)), file_name(std::move(name)), bytes(std::move(content)) {}

    std::string content_type;
    std::string file_name;  ///< empty: not meant to be saved
    std::string bytes;
};
using DocumentAnswer = boost::asio::awaitable<Result<Document>>;

/// Bits of who may call a route; operators by their roles.
enum Who : unsigned {
    admins = 1,
    finance = 2,
    support = 4,
    operators = admins | finance | support,
    owners = 8,
    partners = 16,
    customers = 32
};

struct AdminRoute {
    api::Method method;
    const char* pattern;  ///< "/api/v1/nodes/{id}/drain"
    unsigned who;
    Answer (*handler)(AdminState&, Call);
    const char* refusal = nullptr;  ///< why others may not, where that needs saying
    store::Scopes one_of = {};      ///< a project's key needs one of them; none: every key may
    /// Instead of `handler`, which is null then.
    DocumentAnswer (*document)(AdminState&, Call) = nullptr;
};

struct AdminState {
    AdminOptions options;
    AdminNeeds needs;
    std::vector<AdminRoute> routes;
    bool rotating_key = false;  ///< of the vault: one rotation at a time
    bool archiving = false;     ///< one month at a time
};

/// The site, if it is the caller's to act on. To others it does not exist.
[[nodiscard]] Result<store::Site> site_of_caller(store::Store& store, const Call& call,
                                                 const SiteId& id);

/// invalid_argument names those that are known; empty: CNY.
[[nodiscard]] Result<Currency> currency_of(const std::string& code);
/// ?limit=, 1 to `max`, which it is without one.
[[nodiscard]] Result<std::int64_t> limit_of(const Call& call, std::int64_t max);
/// The customer, if the caller may act for it; an empty id is a project's key's own. To others it
/// does not exist.
[[nodiscard]] Result<store::Customer> customer_of_caller(store::Store& store, const Call& call,
                                                         const CustomerId& id);
[[nodiscard]] Result<store::Project> project_of_caller(store::Store& store, const Call& call,
                                                       const ProjectId& id);
/// CNY for an empty code. invalid_argument for an unknown one.
/// The body's "currency".
[[nodiscard]] Result<Currency> read_currency(JsonBody& body);

[[nodiscard]] std::vector<AdminRoute> people_routes();
[[nodiscard]] std::vector<AdminRoute> key_routes();
[[nodiscard]] std::vector<AdminRoute> tenant_routes();
[[nodiscard]] std::vector<AdminRoute> usage_routes();
[[nodiscard]] std::vector<AdminRoute> site_routes();
[[nodiscard]] std::vector<AdminRoute> node_routes();
[[nodiscard]] std::vector<AdminRoute> catalogue_routes();
[[nodiscard]] std::vector<AdminRoute> money_routes();
[[nodiscard]] std::vector<AdminRoute> contract_routes();
[[nodiscard]] std::vector<AdminRoute> customer_contract_routes();
[[nodiscard]] std::vector<AdminRoute> referral_routes();
[[nodiscard]] std::vector<AdminRoute> review_routes();
[[nodiscard]] std::vector<AdminRoute> statement_routes();
[[nodiscard]] std::vector<AdminRoute> invoice_routes();
[[nodiscard]] std::vector<AdminRoute> operator_routes();
[[nodiscard]] std::vector<AdminRoute> payout_account_routes();
[[nodiscard]] std::vector<AdminRoute> payout_batch_routes();
[[nodiscard]] std::vector<AdminRoute> payout_routes();
[[nodiscard]] std::vector<AdminRoute> metering_routes();
[[nodiscard]] std::vector<AdminRoute> price_routes();
[[nodiscard]] std::vector<AdminRoute> audit_routes();
[[nodiscard]] std::vector<AdminRoute> close_routes();

}  // namespace gleaner::admin
