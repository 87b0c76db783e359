#pragma once
/// Operators and what they may do: verbs of the store.

#include <string_view>
#include <vector>

#include "coordinator/store/store.h"

namespace gleaner::store {

struct Operator {
    std::string name;
    OperatorRole role = OperatorRole::support;
    WallTime created;
};

class Operators {
public:
    explicit Operators(Store& store) : store_(store) {}

    /// Errors: invalid_argument (name), already_exists.
    Result<Operator> add(std::string_view name, OperatorRole role);
    /// Oldest first.
    Result<std::vector<Operator>> list();
    /// failed_precondition when nobody would be left who may add operators.
    Result<Operator> set_role(std::string_view name, OperatorRole role);
    /// Before a key is made for them. The very first operator is made here, as admin; not_found for
    /// another that was never added.
    Status require(std::string_view name);
    /// Is the credential with this id an operator's? not_found for none.
    Result<bool> has_key(std::string_view credential);

private:
    Store& store_;
};

}  // namespace gleaner::store
