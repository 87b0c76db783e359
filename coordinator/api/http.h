#pragma once
/// What a handler sees of HTTP: a request's head and body, and the ways to reply. No library's
/// types. Everything runs on the network thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "coordinator/openai/api_error.h"
#include "coordinator/store/records.h"
#include "shared/model/ids.h"

namespace gleaner::api {

using openai::api_ok;
using openai::ApiError;
using openai::ApiResult;
using openai::ApiStatus;

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, other };
[[nodiscard]] std::string_view to_string(Method method);

/// Names are lower case in `Request`, as written in replies.
using Header = std::pair<std::string, std::string>;

/// Who asks, when the route demands a key. `own_sites_of` is the customer's.
struct Caller {
    store::Principal principal;
    ProjectId project;  ///< of a project's key
    CustomerId customer;
    OwnerId own_sites_of;
    Currency currency = Currency::cny;                   ///< the project's
    std::int32_t weight = store::customer_weight_usual;  ///< the customer's
};

/// The parts before the body.
struct RequestHead {
    Method method = Method::get;
    std::string path;                 ///< decoded, without the query
    std::vector<Header> query;        ///< decoded
    std::vector<Header> headers;      ///< names in lower case
    std::vector<Header> path_params;  ///< by the route's pattern
    RequestId id;                     ///< req_…: also the reply's x-request-id
    std::optional<Caller> caller;
    std::optional<std::uint64_t> content_length;

    [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
    /// A parameter of the route's pattern; aborts when the pattern has none of this name.
    [[nodiscard]] const std::string& param(std::string_view name) const;
};

class Request : public RequestHead {
public:
    virtual ~Request() = default;
    /// The next piece of the body; empty at its end. Valid until the next call. The first call
    /// answers "Expect: 100-continue". Errors: 413 when the route's limit is exceeded, 400 when the
    /// body is cut off or malformed.
    [[nodiscard]] virtual boost::asio::awaitable<ApiResult<std::string_view>> read_some() = 0;
    /// All of it, within the route's limit.
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::string>> read_all();
};

/// One reply per request. A failed write is an Error(cancelled): the client is gone.
class Reply {
public:
    virtual ~Reply() = default;
    /// Adds a header to what send() or begin() will write.
    void add_header(std::string name, std::string value) {
        headers_.emplace_back(std::move(name), std::move(value));
    }
    /// A whole reply.
    [[nodiscard]] virtual boost::asio::awaitable<Status> send(int status, std::string content_type,
                                                              std::string body) = 0;
    [[nodiscard]] boost::asio::awaitable<Status> send_json(int status, std::string body) {
        return send(status, "application/json", std::move(body));
    }
    /// Begins a reply whose body follows in pieces; without `length` it is chunked.
    [[nodiscard]] virtual boost::asio::awaitable<Status> begin(
        int status, std::string content_type, std::optional<std::uint64_t> length) = 0;
    /// Waits until the client's connection has taken it: back-pressure.
    [[nodiscard]] virtual boost::asio::awaitable<Status> write(std::string piece) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Status> finish() = 0;
    /// Has the client hung up? `on_gone` is called once when it does, even while the handler waits
    /// for something else; it may be called during set_on_gone(). Reset by setting null.
    virtual void set_on_gone(std::function<void()> on_gone) = 0;
    [[nodiscard]] virtual bool begun() const = 0;
    [[nodiscard]] virtual int status() const = 0;

protected:
    std::vector<Header> headers_;
};

/// 403 when a project's key has none of `one_of` and that is not empty.
[[nodiscard]] ApiStatus check_scopes(const store::Principal& principal, store::Scopes one_of);

/// An error that a handler returns before it has replied becomes the reply.
using Handler = std::function<boost::asio::awaitable<ApiStatus>(Request&, Reply&)>;

enum class Access : std::uint8_t {
    open,     ///< no key
    project,  ///< a project's key
    any_key,  ///< any valid key; the handler looks at the principal's kind
};

struct Route {
    Method method = Method::get;
    std::string pattern;  ///< "/v1/files/{id}/content"; "{rest...}" takes the remaining segments
    Access access = Access::project;
    std::uint64_t body_bytes_max = 1U << 20U;
    Handler handler;
    /// A project's key needs one of these; none: every key may.
    store::Scopes one_of = {};
};

}  // namespace gleaner::api
