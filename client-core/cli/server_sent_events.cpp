#include "client-core/cli/server_sent_events.h"

namespace gleaner::cli {

void ServerSentEvents::feed(std::string_view bytes,
                            const std::function<void(std::string_view data)>& each) {
    for (const char c : bytes) {
        if (c != '\n') {
            line_ += c;
            continue;
        }
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        if (line_.empty()) {
            if (!data_.empty()) each(data_);
            data_.clear();
        } else if (line_.starts_with("data:")) {
            const std::size_t start = line_.size() > 5 && line_[5] == ' ' ? 6 : 5;
            if (!data_.empty()) data_ += '\n';
            data_ += line_.substr(start);
        }
        line_.clear();
    }
}

}  // namespace gleaner::cli
