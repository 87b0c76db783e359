/// Runs a fuzz target over every file of the directories named on the command line, each also
/// cut in half and with one bit flipped, so that compilers without libFuzzer test something too.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

void run_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), {});
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size() / 2);
    const std::size_t step = bytes.size() / 512 + 1;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
        bytes[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        bytes[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            run_file(entry.path());
            ++files;
        }
    }
    std::printf("%zu corpus files ran\n", files);
    return files > 0 ? 0 : 1;  // an empty corpus is a mistake, not a success
}
