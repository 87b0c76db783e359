#include "coordinator/api/multipart.h"

#include <algorithm>

namespace gleaner::api {

using openai::api_ok;
using openai::ApiResult;
using openai::ApiStatus;
using openai::invalid_request;

namespace {

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The parameter `name` of "value; name=token; other=\"quoted \\\" text\"".
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
    auto at = header.find(';');
    while (at != std::string_view::npos) {
        header = trimmed(header.substr(at + 1));
        const auto equals = header.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const bool wanted = lowered(trimmed(header.substr(0, equals))) == name;
        header = trimmed(header.substr(equals + 1));
        std::string value;
        if (header.starts_with('"')) {
            std::size_t i = 1;
            for (; i < header.size() && header[i] != '"'; ++i) {
                if (header[i] == '\\' && i + 1 < header.size()) ++i;
                value.push_back(header[i]);
            }
            if (i >= header.size()) return std::nullopt;
            at = header.find(';', i);
        } else {
            at = header.find(';');
            value = trimmed(header.substr(0, at));
        }
        if (wanted) return value;
    }
    return std::nullopt;
}

std::optional<MultipartReader::Part> parse_headers(std::string_view text) {
    MultipartReader::Part part;
    bool named = false;
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto name = lowered(line.substr(0, colon));
        const auto value = trimmed(line.substr(colon + 1));
        if (name == "content-type") part.content_type = value;
        if (name != "content-disposition") continue;
        if (!lowered(value).starts_with("form-data")) return std::nullopt;
        const auto field = parameter(value, "name");
        if (!field) return std::nullopt;
        part.name = *field;
        part.filename = parameter(value, "filename");
        named = true;
    }
    if (!named) return std::nullopt;
    return part;
}

ApiStatus malformed(std::string_view what) {
    return invalid_request("The multipart form is malformed: " + std::string(what) + ".");
}

}  // namespace

std::optional<std::string> MultipartReader::boundary_of(std::string_view content_type) {
    constexpr std::string_view wanted = "multipart/form-data";
    const auto semicolon = content_type.find(';');
    if (lowered(trimmed(content_type.substr(0, semicolon))) != wanted) return std::nullopt;
    auto boundary = parameter(content_type, "boundary");
    const bool good = boundary && !boundary->empty() && boundary->size() <= 70 &&
                      std::ranges::all_of(*boundary, [](char c) { return c >= ' ' && c <= '~'; });
    return good ? boundary : std::nullopt;
}

MultipartReader::MultipartReader(std::string_view boundary, Sink sink)
    : delimiter_("\r\n--" + std::string(boundary)), sink_(std::move(sink)) {
    // The first boundary may stand at the very start; this makes it look like all others.
    pending_ = "\r\n";
}

ApiStatus MultipartReader::feed(std::string_view bytes) {
    if (step_ == Step::epilogue) return api_ok();
    pending_ += bytes;
    for (;;) {
        GLEANER_TRY(const bool moved, advance());
        if (!moved) return api_ok();
    }
}

ApiStatus MultipartReader::finish() const {
    if (step_ == Step::epilogue) return api_ok();
    return malformed("its closing boundary is missing");
}

ApiResult<bool> MultipartReader::advance() {
    switch (step_) {
        case Step::preamble: {
            const auto found = pending_.find(delimiter_);
            if (found == std::string::npos) {
                if (pending_.size() > part_header_bytes_max)
                    return malformed("it does not begin with its boundary").error();
                return false;
            }
            pending_.erase(0, found + delimiter_.size());
            step_ = Step::after_boundary;
            return true;
        }
        case Step::after_boundary:
            return after_boundary();
        case Step::headers:
            return read_headers();
        case Step::body:
            return read_body();
        case Step::epilogue:
            pending_.clear();
            return false;
    }
    return false;
}

ApiResult<bool> MultipartReader::after_boundary() {
    // White space may follow a boundary (RFC 2046); "--" ends the form.
    const auto first = pending_.find_first_not_of(" \t");
    if (first == std::string::npos || pending_.size() < first + 2) {
        if (pending_.size() > part_header_bytes_max)
            return malformed("a boundary line does not end").error();
        return false;
    }
    const auto mark = std::string_view(pending_).substr(first, 2);
    if (mark == "--") {
        step_ = Step::epilogue;
        return true;
    }
    if (mark != "\r\n") return malformed("a boundary line does not end").error();
    if (++parts_ > parts_max) return malformed("it has more than 32 parts").error();
    pending_.erase(0, first + 2);
    step_ = Step::headers;
    return true;
}

ApiResult<bool> MultipartReader::read_headers() {
    const auto end = pending_.find("\r\n\r\n");
    if (end == std::string::npos || end > part_header_bytes_max) {
        if (pending_.size() > part_header_bytes_max)
            return malformed("a part's headers are too long").error();
        return false;
    }
    const auto part = parse_headers(std::string_view(pending_).substr(0, end));
    if (!part) return malformed("a part has no usable Content-Disposition").error();
    pending_.erase(0, end + 4);
    GLEANER_TRY(sink_.begin(*part));
    step_ = Step::body;
    return true;
}

ApiResult<bool> MultipartReader::read_body() {
    const auto found = pending_.find(delimiter_);
    if (found != std::string::npos) {
        if (found > 0) {
            GLEANER_TRY(sink_.data(std::string_view(pending_).substr(0, found)));
        }
        pending_.erase(0, found + delimiter_.size());
        GLEANER_TRY(sink_.end());
        step_ = Step::after_boundary;
        return true;
    }
    // The end may be the first part of a boundary.
    const auto keep = std::min(pending_.size(), delimiter_.size() - 1);
    const auto sure = pending_.size() - keep;
    if (sure > 0) {
        GLEANER_TRY(sink_.data(std::string_view(pending_).substr(0, sure)));
        pending_.erase(0, sure);
    }
    return false;
}

}  // namespace gleaner::api
