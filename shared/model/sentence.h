#pragma once
/// A sentence for a person, in every language that the programs speak.

#include <string>

namespace gleaner {

struct Sentence {
    std::string en;
    std::string zh;

    friend bool operator==(const Sentence&, const Sentence&) = default;
};

}  // namespace gleaner
