#pragma once
/// A request's JSON object, read strictly: every member must be known, of the right type and within
/// bounds. Errors are invalid_argument and name the member.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "shared/util/result.h"

namespace gleaner::admin {

class JsonBody {
public:
    JsonBody() = default;
    explicit JsonBody(boost::json::object object) : object_(std::move(object)) {}
    /// An empty text is an empty object.
    [[nodiscard]] static Result<JsonBody> parse(std::string_view text);

    /// 1 to `bytes_max` bytes of printable text.
    [[nodiscard]] Result<std::string> text(std::string_view key, std::size_t bytes_max = 200);
    /// Printable text with line breaks, also none at all.
    [[nodiscard]] Result<std::string> lines(std::string_view key, std::size_t bytes_max);
    /// The same as text(), or empty when the member is absent or null.
    [[nodiscard]] Result<std::string> optional_text(std::string_view key,
                                                    std::size_t bytes_max = 200);
    [[nodiscard]] Result<std::int64_t> integer(std::string_view key, std::int64_t min,
                                               std::int64_t max);
    /// `absent` when the member is not there.
    [[nodiscard]] Result<std::int64_t> optional_integer(std::string_view key, std::int64_t min,
                                                        std::int64_t max, std::int64_t absent);
    [[nodiscard]] Result<bool> boolean(std::string_view key);
    [[nodiscard]] Result<JsonBody> object(std::string_view key);
    /// Nothing when absent; the pointer lives as long as this body.
    [[nodiscard]] Result<const boost::json::array*> optional_array(std::string_view key);
    /// The member as it is; the pointer lives as long as this body.
    [[nodiscard]] Result<const boost::json::object*> members(std::string_view key);
    /// All of it, for who checks every member by themselves: no_more() refuses nothing then.
    [[nodiscard]] const boost::json::object& all();
    /// Call last: refuses members that nobody has asked for.
    [[nodiscard]] Status no_more() const;

private:
    const boost::json::value* member(std::string_view key);

    boost::json::object object_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace gleaner::admin
