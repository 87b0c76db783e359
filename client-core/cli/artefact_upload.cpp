#include "client-core/cli/artefact_upload.h"

#include <boost/json.hpp>

#include "client-core/cli/progress_bar.h"
#include "shared/artefact/sha256.h"

namespace gleaner::cli {

Result<Sha256> upload_artefact(const Context& context, ApiClient& api, const std::string& path) {
    if (context.err_is_terminal) context.err << "hashing " << path << "\n";
    GLEANER_TRY(const Sha256 hash, hash_file(path));
    const std::string target = "/api/v1/artefacts/" + hash.get();
    const auto present = api.get(target);
    if (present) return hash;
    if (present.error().code() != ErrorCode::not_found) return present.error();
    ProgressBar bar(context.err, context.err_is_terminal, context.clock, "sending");
    GLEANER_TRY(api.put_file(
        target, path, [&](std::uint64_t sent, std::uint64_t total) { bar.update(sent, total); }));
    return hash;
}

}  // namespace gleaner::cli
