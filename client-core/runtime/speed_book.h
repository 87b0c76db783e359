#pragma once
/// What was measured on this machine, kept over restarts: a benchmark is run once for what it
/// measures, not at every start.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace gleaner {

struct MeasuredSpeed {
    double first = 0;   ///< prompt tokens/s of a model; GiB/s copied by a CPU
    double second = 0;  ///< generated tokens/s of a model; GFLOPS of a CPU
};

/// Single-threaded. A file that is missing or damaged is an empty book.
class SpeedBook {
public:
    explicit SpeedBook(std::filesystem::path file);

    [[nodiscard]] std::optional<MeasuredSpeed> find(const std::string& key) const;
    /// Keeps at most 256 entries: the first keys in order go.
    void record(const std::string& key, MeasuredSpeed speed);

private:
    std::filesystem::path file_;
    std::map<std::string, MeasuredSpeed> speeds_;
};

}  // namespace gleaner
