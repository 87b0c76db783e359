#include "shared/util/replace_file.h"

#include <fstream>
#include <system_error>

namespace gleaner {

Status replace_file(const std::filesystem::path& file, std::string_view text) {
    const std::filesystem::path fresh = file.string() + ".new";
    {
        std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
        out << text << std::flush;
        if (!out)
            return Error(ErrorCode::io_failed,
                         "cannot write " + fresh.string() + ": is the disk full?");
    }
    std::error_code problem;
    std::filesystem::rename(fresh, file, problem);
    if (problem) return error_from_errno("cannot replace " + file.string(), problem.value());
    return ok();
}

}  // namespace gleaner
