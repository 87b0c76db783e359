#pragma once
/// Distinct types over one representation, so that a node id is never passed for a site id.

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace gleaner {

template <class T, class Tag>
class NamedType {
public:
    NamedType() = default;
    explicit NamedType(T value) : value_(std::move(value)) {}
    [[nodiscard]] const T& get() const { return value_; }
    [[nodiscard]] bool empty() const { return value_ == T{}; }
    friend auto operator<=>(const NamedType&, const NamedType&) = default;
    friend bool operator==(const NamedType&, const NamedType&) = default;

private:
    T value_{};
};

}  // namespace gleaner

template <class T, class Tag>
struct std::hash<gleaner::NamedType<T, Tag>> {
    std::size_t operator()(const gleaner::NamedType<T, Tag>& id) const {
        return std::hash<T>{}(id.get());
    }
};
