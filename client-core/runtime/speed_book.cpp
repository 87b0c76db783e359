#include "client-core/runtime/speed_book.h"

#include <fstream>
#include <iterator>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "shared/util/replace_file.h"

namespace gleaner {

namespace json = boost::json;

namespace {

constexpr std::size_t entries_max = 256;

double positive(const json::value& value) {
    boost::system::error_code error;
    const double number = value.to_number<double>(error);
    return error || !(number > 0) ? 0 : number;
}

}  // namespace

SpeedBook::SpeedBook(std::filesystem::path file) : file_(std::move(file)) {
    std::ifstream in(file_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code error;
    const json::value parsed = json::parse(text, error);
    if (error || !parsed.is_object()) return;
    for (const auto& [key, value] : parsed.get_object()) {
        if (!value.is_array() || value.get_array().size() != 2) continue;
        speeds_[std::string(key)] = {positive(value.get_array()[0]),
                                     positive(value.get_array()[1])};
    }
}

std::optional<MeasuredSpeed> SpeedBook::find(const std::string& key) const {
    const auto it = speeds_.find(key);
    if (it == speeds_.end()) return std::nullopt;
    return it->second;
}

void SpeedBook::record(const std::string& key, MeasuredSpeed speed) {
    if (speeds_.size() >= entries_max && !speeds_.contains(key)) speeds_.erase(speeds_.begin());
    speeds_[key] = speed;
    json::object out;
    for (const auto& [name, s] : speeds_) out[name] = json::array{s.first, s.second};
    (void)replace_file(file_, json::serialize(out) + "\n");  // or it is measured again next time
}

}  // namespace gleaner
