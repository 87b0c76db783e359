#include "client-core/platform/trim_memory.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <string>
#include <sys/mman.h>

namespace gleaner {

namespace {

/// One mapping of /proc/self/smaps (proc(5)).
struct Mapping {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool from_file = false;
    bool read_only = false;
};

bool parse(const std::string& line, Mapping& mapping) {
    unsigned long begin = 0;
    unsigned long end = 0;
    unsigned long inode = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*x %*x:%*x %lu", &begin, &end, rights, &inode) != 4)
        return false;
    mapping = {begin, end, inode != 0, rights[1] == '-' && rights[3] == 'p'};
    return true;
}

}  // namespace

void trim_memory() {
    ::malloc_trim(0);
    std::ifstream smaps("/proc/self/smaps");
    Mapping mapping;
    for (std::string line; std::getline(smaps, line);) {
        if (parse(line, mapping)) continue;
        // A page that was ever written (relocations) is anonymous: it could not be read anew.
        if (line.starts_with("Anonymous:") && line.find(" 0 kB") != std::string::npos &&
            mapping.from_file && mapping.read_only)
            (void)::madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin,
                            MADV_DONTNEED);
    }
}

}  // namespace gleaner
