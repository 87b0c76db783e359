#pragma once
/// What an engine is measured with.

#include <filesystem>
#include <string>

namespace gleaner {

/// Empty paths: there is no model yet that can be measured.
struct BenchModel {
    std::filesystem::path engine_dir;  ///< with llama-bench
    std::filesystem::path model_file;
    std::string name;
};

}  // namespace gleaner
