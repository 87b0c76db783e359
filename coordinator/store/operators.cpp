#include "coordinator/store/operators.h"

#include <algorithm>

#include "coordinator/store/state.h"

namespace gleaner::store {

namespace {

constexpr std::size_t name_bytes_max = 200;

Operator operator_row(const Query& row) {
    return {row.text("name"), operator_role(row.text("role")), row.time("created")};
}

}  // namespace

Result<Operator> Operators::add(std::string_view name, OperatorRole role) {
    if (name.empty() || name.size() > name_bytes_max)
        return Error(ErrorCode::invalid_argument, "the name of an operator has 1 to 200 bytes");
    auto& state = store_.state();
    const Operator added{std::string(name), role, state.clock.wall()};
    GLEANER_TRY(const auto inserted, state.database->change(sql::insert_operator, added.name,
                                                            to_string(role), added.created));
    if (inserted == 0)
        return Error(ErrorCode::already_exists, "there is an operator of this name already");
    return added;
}

Result<std::vector<Operator>> Operators::list() {
    return store_.state().all(operator_row, sql::list_operators);
}

Result<Operator> Operators::set_role(std::string_view name, OperatorRole role) {
    auto& state = store_.state();
    return state.atomically([&]() -> Result<Operator> {
        GLEANER_TRY(state.one("operator", operator_row, sql::select_operator, name));
        GLEANER_TRY(const auto all, list());
        const bool another = std::ranges::any_of(all, [&](const Operator& one) {
            return one.role == OperatorRole::admin && one.name != name;
        });
        if (role != OperatorRole::admin && !another)
            return Error(ErrorCode::failed_precondition,
                         "somebody must stay admin, or nobody could add operators: make another "
                         "one admin first");
        GLEANER_TRY(state.database->run(sql::set_operator_role, name, to_string(role)));
        return state.one("operator", operator_row, sql::select_operator, name);
    });
}

Status Operators::require(std::string_view name) {
    GLEANER_TRY(const bool known, store_.state().exists(sql::select_operator, name));
    if (known) return ok();
    GLEANER_TRY(const auto all, list());
    if (!all.empty())
        return Error(ErrorCode::not_found,
                     "no such operator: add them with a role first (gleanerctl operator add)");
    GLEANER_TRY(add(name, OperatorRole::admin));
    return ok();
}

Result<bool> Operators::has_key(std::string_view credential) {
    GLEANER_TRY(const auto found,
                store_.state().one("key", credential_row, sql::select_credential, credential));
    return found.kind == PrincipalKind::operator_;
}

}  // namespace gleaner::store
