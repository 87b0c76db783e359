#pragma once
/// One HTTPS request at a time, blocking, with a limit on every wait: for gleanerctl, and on a
/// thread of its own for the node. No redirects, no cookies, no proxy, no plain HTTP. Boost.Beast
/// stays in the .cpp.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

struct HttpsSettings {
    std::string url;      ///< "https://host[:port]", nothing behind
    std::string ca_path;  ///< PEM file of the authority to trust; empty: `ca_pem`
    std::string ca_pem;   ///< the same as text; both empty: the system's
    /// Most time without any progress: to connect, to send or to receive the next bytes.
    Duration patience = std::chrono::seconds(60);
};

struct HttpsRequest {
    std::string method = "GET";
    std::string target;  ///< path and query, escaped
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< sent before the file
    std::string file;  ///< path of a file to send after `body`; empty: none
    std::string body_after_file;
};

struct HttpsReply {
    unsigned status = 0;
    std::string retry_after;
    std::string body;
};

/// Called as bytes of the file have been handed to the network: sent so far, of how many.
using UploadProgress = std::function<void(std::uint64_t sent, std::uint64_t total)>;
/// Takes a successful reply's bytes as they come; an error ends the request.
using ReplySink = std::function<Status(std::string_view bytes)>;

/// Each request has its own connection. Use from one thread.
class HttpsClient {
public:
    /// Errors: invalid_argument (the URL), or what the CA file suffers from.
    [[nodiscard]] static Result<HttpsClient> open(const HttpsSettings& settings);
    ~HttpsClient();
    HttpsClient(HttpsClient&&) noexcept;

    /// Any HTTP status is a reply; replies over 64 MiB are too_large. Errors: unavailable (cannot
    /// connect), timeout, and failed TLS, each with host and port and what to do.
    [[nodiscard]] Result<HttpsReply> send(const HttpsRequest& request,
                                          const UploadProgress& progress = {});
    /// As send, but a reply with status 2xx goes to `sink` and not into `body`.
    [[nodiscard]] Result<HttpsReply> receive(const HttpsRequest& request, const ReplySink& sink);

private:
    struct State;
    explicit HttpsClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Escapes everything but unreserved characters, for one part of a path or query.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace gleaner
