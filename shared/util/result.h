#pragma once
/// The house's result type. Only this header names the library behind it.
/// `Result<T>` is [[nodiscard]]; `.value()` on an error aborts. GLEANER_TRY passes errors up.

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/success_failure.hpp>
#include <boost/outcome/try.hpp>

#include "shared/util/error.h"

namespace gleaner {

namespace outcome = BOOST_OUTCOME_V2_NAMESPACE;

template <class T>
using Result = outcome::basic_result<T, Error, outcome::policy::terminate>;

using Status = Result<void>;

/// A successful Status.
inline Status ok() {
    return outcome::success();
}

}  // namespace gleaner

/// `GLEANER_TRY(auto x, f());` or `GLEANER_TRY(f());` in a function that returns a Result.
#define GLEANER_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
/// The same inside a coroutine.
#define GLEANER_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
