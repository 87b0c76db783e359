#pragma once
/// /api/v1: people, sites and consent, nodes, catalogue and money, as JSON. Knows no HTTP: whoever
/// owns the connection hands in method, path and body and sends what comes back.
/// Network thread only; disk and database work happens elsewhere and is awaited.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "coordinator/api/admin/consent_text.h"
#include "coordinator/api/admin/grid_control.h"
#include "coordinator/store/records.h"
#include "shared/artefact/signing_key.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::admin {

class ArtefactUpload;

struct AdminOptions {
    ConsentText consent;
    std::string authority_pin;             ///< 64 hex characters; becomes part of enrolment tokens
    std::optional<PublicKey> release_key;  ///< without it no engine can be added
};

/// All of it outlives the AdminApi.
struct AdminNeeds {
    const Clock& clock;
    store::StoreExecutor& store;
    store::Blobs& blobs;
    GridControl& grid;
    boost::asio::any_io_executor blocking;  ///< for hashing, GGUF and archive reading
};

/// Bodies of JSON routes are small.
inline constexpr std::size_t admin_body_bytes_max = 16u << 20;

/// A class with a constructor, so that it may travel in co_await expressions.
class AdminRequest {
public:
    AdminRequest(store::Principal who, std::string method_name, std::string path_and_query,
                 std::string json_body)
        : principal(std::move(who)),
          method(std::move(method_name)),
          target(std::move(path_and_query)),
          body(std::move(json_body)) {}

    store::Principal principal;
    std::string method;
    std::string target;  ///< "/api/v1/tokens?site=site_x", still escaped
    std::string body;
};

class AdminReply {
public:
    AdminReply(int http_status, std::string json_body)
        : status(http_status), body(std::move(json_body)) {}
    int status;
    std::string body;  ///< JSON: the result, or OpenAI's error object
};

class AdminApi {
public:
    AdminApi(AdminOptions options, const AdminNeeds& needs);
    ~AdminApi();

    /// "/api/v1/…": does the path belong here?
    [[nodiscard]] static bool owns(std::string_view target);
    /// If the request is the upload of an artefact, its hash: then the body is to be streamed to
    /// begin_upload() instead of being collected for answer().
    [[nodiscard]] static std::optional<Sha256> upload_target(std::string_view method,
                                                             std::string_view target);

    /// Answers every request whose principal was authenticated. Never fails: refusals are replies.
    [[nodiscard]] boost::asio::awaitable<AdminReply> answer(AdminRequest request);

    /// Begins to take the bytes of artefact `id`, `size_bytes` of them if known. Errors:
    /// permission_denied (operators only), disk_full.
    [[nodiscard]] boost::asio::awaitable<Result<std::unique_ptr<ArtefactUpload>>> begin_upload(
        store::Principal principal, Sha256 id, std::optional<std::uint64_t> size_bytes);

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// The reply that tells of an error, in OpenAI's form.
[[nodiscard]] AdminReply refusal(const Error& error);

}  // namespace gleaner::admin
