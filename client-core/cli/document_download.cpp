#include "client-core/cli/document_download.h"

#include "shared/util/replace_file.h"

namespace gleaner::cli {

Status download_document(const Context& context, ApiClient& api, const std::string& target,
                         const std::string& file) {
    std::string bytes;
    const ReplySink sink = [&bytes](std::string_view piece) -> Status {
        bytes += piece;
        return ok();
    };
    GLEANER_TRY(api.download(target, sink));
    if (file.empty()) {
        context.out << bytes;
        return ok();
    }
    GLEANER_TRY(replace_file(file, bytes));
    context.err << file << ": " << bytes.size() << " bytes\n";
    return ok();
}

}  // namespace gleaner::cli
