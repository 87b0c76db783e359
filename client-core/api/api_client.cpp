#include "client-core/api/api_client.h"

#include <filesystem>

#include <boost/json.hpp>

#include "shared/util/random.h"

namespace gleaner {

namespace json = boost::json;

namespace {

ErrorCode code_of_status(unsigned status) {
    switch (status) {
        case 400:
        case 422:
            return ErrorCode::invalid_argument;
        case 401:
            return ErrorCode::unauthenticated;
        case 403:
            return ErrorCode::permission_denied;
        case 404:
            return ErrorCode::not_found;
        case 409:
            return ErrorCode::failed_precondition;
        case 413:
            return ErrorCode::too_large;
        case 429:
            return ErrorCode::resource_exhausted;
        case 503:
            return ErrorCode::unavailable;
        case 504:
            return ErrorCode::timeout;
        default:
            return status / 100 == 4 ? ErrorCode::invalid_argument : ErrorCode::internal;
    }
}

}  // namespace

Error error_from_reply(const HttpsReply& reply) {
    std::string message =
        "the coordinator answered with HTTP status " + std::to_string(reply.status);
    boost::system::error_code failed;
    const json::value body = json::parse(reply.body, failed);
    if (!failed && body.is_object()) {
        const json::value* error = body.get_object().if_contains("error");
        const json::value* text = error != nullptr && error->is_object()
                                      ? error->get_object().if_contains("message")
                                      : nullptr;
        if (text != nullptr && text->is_string()) message = std::string(text->get_string());
    }
    if (!reply.retry_after.empty()) message += "; try again in " + reply.retry_after + " s";
    return {code_of_status(reply.status), message};
}

ApiClient::ApiClient(HttpsClient client, std::string key, std::string key_from)
    : client_(std::move(client)), key_(std::move(key)), key_from_(std::move(key_from)) {}

Result<ApiClient> ApiClient::open(const HttpsSettings& settings, std::string key,
                                  std::string key_from) {
    GLEANER_TRY(auto client, HttpsClient::open(settings));
    return ApiClient(std::move(client), std::move(key), std::move(key_from));
}

Error ApiClient::refused(const HttpsReply& reply) const {
    Error error = error_from_reply(reply);
    if (reply.status != 401 || key_from_.empty()) return error;
    return {error.code(), error.message() + " " + key_from_};
}

HttpsRequest ApiClient::request(const std::string& method, const std::string& target) const {
    HttpsRequest request;
    request.method = method;
    request.target = target;
    request.headers = {{"Authorization", "Bearer " + key_}, {"Accept", "application/json"}};
    return request;
}

Result<json::value> ApiClient::exchange(const HttpsRequest& request,
                                        const UploadProgress& progress) {
    GLEANER_TRY(const auto reply, client_.send(request, progress));
    if (reply.status / 100 != 2) return refused(reply);
    if (reply.body.empty()) return json::value(json::object());
    boost::system::error_code failed;
    json::value value = json::parse(reply.body, failed);
    if (failed) {
        return Error(ErrorCode::data_corrupt,
                     "the reply is not JSON: is this the address of a Gleaner coordinator?");
    }
    return value;
}

Result<json::value> ApiClient::get(const std::string& target) {
    return exchange(request("GET", target));
}

Result<json::value> ApiClient::remove(const std::string& target) {
    return exchange(request("DELETE", target));
}

Result<json::value> ApiClient::post(const std::string& target, const json::value& body,
                                    const std::string& idempotency_key) {
    HttpsRequest posted = request("POST", target);
    if (!idempotency_key.empty()) posted.headers.emplace_back("Idempotency-Key", idempotency_key);
    posted.headers.emplace_back("Content-Type", "application/json");
    posted.body = json::serialize(body);
    return exchange(posted);
}

Result<json::value> ApiClient::put(const std::string& target, const json::value& body) {
    HttpsRequest put = request("PUT", target);
    put.headers.emplace_back("Content-Type", "application/json");
    put.body = json::serialize(body);
    return exchange(put);
}

Result<json::value> ApiClient::put_file(const std::string& target, const std::string& path,
                                        const UploadProgress& progress) {
    HttpsRequest put = request("PUT", target);
    put.headers.emplace_back("Content-Type", "application/octet-stream");
    put.file = path;
    return exchange(put, progress);
}

Result<json::value> ApiClient::post_form(
    const std::string& target, const std::vector<std::pair<std::string, std::string>>& fields,
    const std::string& path, const UploadProgress& progress) {
    const std::string boundary = random_token("gleaner", 24);
    HttpsRequest posted = request("POST", target);
    posted.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    for (const auto& [name, value] : fields) {
        posted.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name +
                       "\"\r\n\r\n" + value + "\r\n";
    }
    std::string filename = std::filesystem::path(path).filename().string();
    for (char& c : filename) {
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = '_';
    }
    posted.body += "--" + boundary +
                   "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename +
                   "\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    posted.file = path;
    posted.body_after_file = "\r\n--" + boundary + "--\r\n";
    return exchange(posted, progress);
}

Status ApiClient::download(const std::string& target, const ReplySink& sink) {
    GLEANER_TRY(const auto reply, client_.receive(request("GET", target), sink));
    if (reply.status / 100 != 2) return refused(reply);
    return ok();
}

Status ApiClient::post_streaming(const std::string& target, const json::value& body,
                                 const ReplySink& sink) {
    HttpsRequest posted = request("POST", target);
    posted.headers.emplace_back("Content-Type", "application/json");
    posted.body = json::serialize(body);
    GLEANER_TRY(const auto reply, client_.receive(posted, sink));
    if (reply.status / 100 != 2) return refused(reply);
    return ok();
}

}  // namespace gleaner
