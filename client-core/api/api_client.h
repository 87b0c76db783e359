#pragma once
/// The coordinator's APIs as JSON in and JSON out: adds the key, turns error replies into Errors.

#include <string>

#include <boost/json/value.hpp>

#include "client-core/api/https_client.h"
#include "shared/util/result.h"

namespace gleaner {

class ApiClient {
public:
    /// `key`: sent as bearer token. `key_from`: said when it is refused, "(the key comes from …)".
    [[nodiscard]] static Result<ApiClient> open(const HttpsSettings& settings, std::string key,
                                                std::string key_from = {});

    [[nodiscard]] Result<boost::json::value> get(const std::string& target);
    /// `idempotency_key`: sent as Idempotency-Key unless empty.
    [[nodiscard]] Result<boost::json::value> post(const std::string& target,
                                                  const boost::json::value& body,
                                                  const std::string& idempotency_key = {});
    [[nodiscard]] Result<boost::json::value> put(const std::string& target,
                                                 const boost::json::value& body);
    [[nodiscard]] Result<boost::json::value> remove(const std::string& target);

    /// PUT of a file's bytes as they are.
    [[nodiscard]] Result<boost::json::value> put_file(const std::string& target,
                                                      const std::string& path,
                                                      const UploadProgress& progress);
    /// POST of a form (multipart/form-data): the fields, then the file under the name "file".
    [[nodiscard]] Result<boost::json::value> post_form(
        const std::string& target, const std::vector<std::pair<std::string, std::string>>& fields,
        const std::string& path, const UploadProgress& progress);
    /// GET whose successful reply goes to `sink`.
    [[nodiscard]] Status download(const std::string& target, const ReplySink& sink);
    /// POST whose successful reply goes to `sink` as it comes (server-sent events).
    [[nodiscard]] Status post_streaming(const std::string& target, const boost::json::value& body,
                                        const ReplySink& sink);

private:
    ApiClient(HttpsClient client, std::string key, std::string key_from);
    [[nodiscard]] HttpsRequest request(const std::string& method, const std::string& target) const;
    [[nodiscard]] Result<boost::json::value> exchange(const HttpsRequest& request,
                                                      const UploadProgress& progress = {});
    [[nodiscard]] Error refused(const HttpsReply& reply) const;

    HttpsClient client_;
    std::string key_;
    std::string key_from_;
};

/// The Error of a reply with status 4xx or 5xx: its own message and code when it has OpenAI's error
/// object, the status otherwise. Says when to try again.
[[nodiscard]] Error error_from_reply(const HttpsReply& reply);

}  // namespace gleaner
