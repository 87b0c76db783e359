#pragma once
/// A batch's input file, read line by line as it is needed: never whole in memory. Blocking, but a
/// line costs one pread and one small parse. Const members may be called from any thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store/records.h"
#include "shared/util/result.h"

namespace gleaner::runtime {

struct JobLine {
    std::string custom_id;
    std::string body;                  ///< the engine's request, JSON
    std::int32_t top_logprobs = -1;    ///< wanted alternatives; -1: no log-probabilities
    std::optional<std::int64_t> seed;  ///< in `body`; embeddings have none
};

/// The lines of a JSONL file by number, from 0; blank lines do not count. 8 bytes a line.
class LineFile {
public:
    /// Reads the file once to find its lines. Errors: not_found, io_failed, too_large (more than
    /// `lines_max`, or a line over `line_bytes_max`: says which).
    [[nodiscard]] static Result<LineFile> open(const std::filesystem::path& path,
                                               std::size_t lines_max);
    LineFile(LineFile&& other) noexcept;
    LineFile& operator=(LineFile&&) = delete;
    ~LineFile();

    static constexpr std::size_t line_bytes_max = 16U << 20U;

    [[nodiscard]] std::size_t lines() const { return offsets_.size() - 1; }
    /// Errors: invalid_argument (no such line), io_failed, data_corrupt (shorter than it was).
    [[nodiscard]] Result<std::string> read(std::size_t line) const;
    /// Calls `each` with all lines in order, reading ahead in big blocks; stops at its error.
    [[nodiscard]] Status for_each(
        const std::function<Status(std::size_t line, std::string_view text)>& each) const;
    /// Where a line stands in the file as an editor counts, from 1: for messages to people.
    [[nodiscard]] Result<std::int64_t> number_in_file(std::size_t line) const;

private:
    explicit LineFile(int fd) : fd_(fd) {}
    int fd_ = -1;
    std::vector<std::uint64_t> offsets_;  ///< one more than lines: the last is the file's end
};

/// The requests of an admitted job.
class JobInput {
public:
    /// Errors: as LineFile::open.
    [[nodiscard]] static Result<JobInput> open(const std::filesystem::path& path,
                                               const store::Job& job);

    [[nodiscard]] std::size_t lines() const { return file_.lines(); }
    /// The same line gives the same body each time, its seed included, so that replicas and later
    /// attempts compute the same. Errors: data_corrupt (admission refuses such a line).
    [[nodiscard]] Result<JobLine> line(std::uint32_t index) const;
    /// Only the id: also for a line whose body is not valid.
    [[nodiscard]] Result<std::string> custom_id(std::uint32_t index) const;

private:
    JobInput(LineFile file, std::string endpoint, std::string model, std::uint64_t seed)
        : file_(std::move(file)),
          endpoint_(std::move(endpoint)),
          model_(std::move(model)),
          seed_(seed) {}
    LineFile file_;
    std::string endpoint_;
    std::string model_;
    std::uint64_t seed_;
};

}  // namespace gleaner::runtime
