#include "client-core/cli/batch_file.h"

#include <fstream>

#include <boost/json.hpp>

#include "client-core/cli/output.h"
#include "client-core/cli/progress_bar.h"

namespace gleaner::cli {

namespace json = boost::json;

Result<std::string> batch_endpoint(const std::string& path, const std::string& given) {
    if (!given.empty()) return given;
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) {
        return Error(ErrorCode::not_found, path + ": cannot be read, or is empty");
    }
    boost::system::error_code failed;
    const json::value first = json::parse(line, failed);
    std::string endpoint = failed ? std::string() : text_at(first, "url");
    if (endpoint.empty()) {
        return Error(ErrorCode::invalid_argument,
                     path +
                         " line 1 is not a batch request {\"custom_id\", \"method\", \"url\", "
                         "\"body\"}: mend it, or name the endpoint with --endpoint");
    }
    return endpoint;
}

Result<std::string> upload_batch_file(const Context& context, ApiClient& api,
                                      const std::string& path) {
    ProgressBar bar(context.err, context.err_is_terminal, context.clock, "sending");
    GLEANER_TRY(const auto file, api.post_form("/v1/files", {{"purpose", "batch"}}, path,
                                               [&](std::uint64_t sent, std::uint64_t total) {
                                                   bar.update(sent, total);
                                               }));
    return text_at(file, "id");
}

void print_warnings(const Context& context, const json::value& reply) {
    if (!reply.is_object()) return;
    const auto* warnings = reply.get_object().if_contains("warnings");
    if (const auto* extension = reply.get_object().if_contains("gleaner");
        extension != nullptr && extension->is_object())
        warnings = extension->get_object().if_contains("warnings");
    if (warnings == nullptr || !warnings->is_array()) return;
    for (const auto& warning : warnings->get_array())
        if (warning.is_string()) context.err << "warning: " << warning.get_string().c_str() << "\n";
}

}  // namespace gleaner::cli
