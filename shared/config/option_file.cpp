/// The TOML side of OptionSet.

#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <toml++/toml.h>

#include "shared/config/option.h"
#include "shared/config/toml_text.h"
#include "shared/config/value_text.h"

namespace gleaner::config {

namespace {

struct Leaf {
    std::string key;  ///< "tls.certificate"
    const toml::node* node;
};

void collect_leaves(const toml::table& table, const std::string& prefix, std::vector<Leaf>& out) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table()) {
            collect_leaves(*inner, name + ".", out);
        } else {
            out.push_back({name, &node});
        }
    }
}

std::string place(const std::string& origin, const toml::source_region& source) {
    return origin + ":" + std::to_string(source.begin.line);
}

Error wrong_type(OptionKind kind) {
    std::string wanted;
    switch (kind) {
        case OptionKind::text:
            wanted = "a string in quotes";
            break;
        case OptionKind::list:
            wanted = "a list of strings";
            break;
        case OptionKind::boolean:
            wanted = "true or false";
            break;
        case OptionKind::integer:
            wanted = "a whole number";
            break;
        case OptionKind::number:
            wanted = "a number";
            break;
        case OptionKind::duration:
            wanted = "a duration in quotes, like \"30s\"";
            break;
        case OptionKind::bytes:
            wanted = "a size in quotes, like \"20GiB\", or bytes";
            break;
    }
    return {ErrorCode::invalid_argument, "wants " + wanted};
}

Result<std::vector<std::string>> values_of(const toml::node& node, OptionKind kind) {
    std::vector<std::string> values;
    const bool wants_text =
        kind == OptionKind::text || kind == OptionKind::duration || kind == OptionKind::bytes;
    const bool wants_integer =
        kind == OptionKind::integer || kind == OptionKind::bytes || kind == OptionKind::number;
    if (const auto* text = node.as_string(); text != nullptr && wants_text) {
        values.push_back(text->get());
    } else if (const auto* integer = node.as_integer(); integer != nullptr && wants_integer) {
        values.push_back(std::to_string(integer->get()));
    } else if (const auto* flag = node.as_boolean();
               flag != nullptr && kind == OptionKind::boolean) {
        values.push_back(flag->get() ? "true" : "false");
    } else if (const auto* real = node.as_floating_point();
               real != nullptr && kind == OptionKind::number) {
        std::ostringstream out;
        out.imbue(std::locale::classic());
        out.precision(17);
        out << real->get();
        values.push_back(out.str());
    } else if (const auto* array = node.as_array(); array != nullptr && kind == OptionKind::list) {
        for (const toml::node& element : *array) {
            const auto* item = element.as_string();
            if (item == nullptr) return wrong_type(kind);
            values.push_back(item->get());
        }
    } else {
        return wrong_type(kind);
    }
    return values;
}

}  // namespace

std::string toml_string(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::vector<std::string> split_for(OptionKind kind, const std::string& text) {
    if (kind != OptionKind::list) return {text};
    std::vector<std::string> values;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto first = part.find_first_not_of(' ');
        if (first == std::string::npos) continue;
        values.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
    }
    return values;
}

Status OptionSet::load_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io_failed,
                     "cannot read the configuration file " + path + ": " +
                         std::generic_category().message(errno));
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return load_toml(text, path);
}

Status OptionSet::load_toml(std::string_view toml, const std::string& origin) {
    toml::table parsed;
    try {
        parsed = toml::parse(toml, origin);
    } catch (const toml::parse_error& error) {
        return Error(ErrorCode::data_corrupt,
                     place(origin, error.source()) + ": " + std::string(error.description()));
    }
    std::vector<Leaf> leaves;
    collect_leaves(parsed, "", leaves);
    for (const Leaf& leaf : leaves) {
        const std::string where = place(origin, leaf.node->source());
        const Option* option = find(leaf.key);
        if (option == nullptr) return unknown("key", leaf.key, names()).within(where);
        const auto values = values_of(*leaf.node, option->kind);
        if (!values) return values.error().within(where + ": " + leaf.key);
        const Status status = option->set(values.value());
        if (!status) return status.error().within(where + ": " + leaf.key);
    }
    return ok();
}

std::string OptionSet::default_file() const {
    // Keys of the top level must come before the first table.
    std::map<std::string, std::string> tables;
    for (const Option& option : options_) {
        const auto dot = option.text.name.rfind('.');
        const bool top = dot == std::string::npos;
        const std::string table = top ? "" : option.text.name.substr(0, dot);
        const std::string key = top ? option.text.name : option.text.name.substr(dot + 1);
        std::string& out = tables[table];
        out += "# " + option.text.sentence;
        if (!option.text.unit.empty()) out += " Unit: " + option.text.unit + ".";
        if (!option.bounds.empty()) out += " Allowed: " + option.bounds + ".";
        out += "\n#" + key + " = " + (option.text.secret ? "\"\"" : option.default_toml) + "\n\n";
    }
    std::string text;
    for (const auto& [table, lines] : tables) {
        if (!table.empty()) text += "[" + table + "]\n";
        text += lines;
    }
    return text;
}

}  // namespace gleaner::config
