/// What a query gives, as a list.
///
/// Threads: as the Database.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "firmware/base/database.h"
#include "firmware/base/result.h"

namespace privyseal {

template <class Made>
struct RowMade {
  using Value = Made;
};
template <class Made>
struct RowMade<Result<Made>> {
  using Value = Made;
};

/// Every row that `select` gives, as `make` makes it: a value, or a Result, whose first error is then the
/// whole's.
template <class Make>
auto rows_of(Statement& select, Make make) {
  using Made = std::invoke_result_t<Make, const Statement&>;
  using Value = RowMade<Made>::Value;
  using Rows = Result<std::vector<Value>>;
  std::vector<Value> rows;
  for (;;) {
    const auto more = select.step();
    if (!more) return Rows(std::unexpected(more.error()));
    if (!*more) return Rows(std::move(rows));
    Made made = make(std::as_const(select));
    if constexpr (std::is_same_v<Made, Value>) {
      rows.push_back(std::move(made));
    } else {
      if (!made) return Rows(std::unexpected(made.error()));
      rows.push_back(std::move(*made));
    }
  }
}

}  // namespace privyseal
