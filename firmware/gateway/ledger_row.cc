#include "firmware/gateway/ledger_row.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "firmware/base/audit/json_line.h"

namespace privyseal::gateway {
namespace {

enum class Kind { kText, kNumber, kBytes };

struct Column {
  const char* name;
  Kind kind = Kind::kText;
  std::int64_t since = 1;  // the form that it came with
};

// The order is part of the canonical text: append only.
constexpr std::array kColumns{
    Column{"id", Kind::kNumber},
    Column{"opened_at"},
    Column{"closed_at"},
    Column{"direction"},
    Column{"client_address"},
    Column{"sender"},
    Column{"recipients"},
    Column{"size_bytes", Kind::kNumber},
    Column{"session_id"},
    Column{"tls_version"},
    Column{"tls_group"},
    Column{"tls_suite"},
    Column{"peer_subject"},
    Column{"peer_serial"},
    Column{"peer_issuer"},
    Column{"resumed", Kind::kNumber},
    Column{"lan_session_id"},
    Column{"lan_tls_version"},
    Column{"lan_tls_group"},
    Column{"lan_tls_suite"},
    Column{"lan_peer_subject"},
    Column{"lan_peer_serial"},
    Column{"lan_peer_issuer"},
    Column{"lan_resumed", Kind::kNumber},
    Column{"hop"},
    Column{"outcome"},
    Column{"reply"},
    Column{"salt", Kind::kBytes},
    Column{"form", Kind::kNumber, 2},
    Column{"signatures", Kind::kNumber, 2},
    Column{"handshake_ms", Kind::kNumber, 2},
    Column{"lan_signatures", Kind::kNumber, 2},
    Column{"lan_handshake_ms", Kind::kNumber, 2},
    Column{"message_id", Kind::kText, 2},
    Column{"marking", Kind::kText, 2},
    Column{"verdict", Kind::kText, 2},
    Column{"connect_ms", Kind::kNumber, 2},
    Column{"record_ms", Kind::kNumber, 2},
    Column{"body_ms", Kind::kNumber, 2},
    Column{"verdict_ms", Kind::kNumber, 2},
};

constexpr int kFormAt =
    static_cast<int>(std::ranges::find(kColumns, std::string_view("form"),
                                       [](const Column& c) { return std::string_view(c.name); }) -
                     kColumns.begin());

}  // namespace

const std::string& row_columns() {
  static const std::string kText = [] {
    std::string text;
    for (const Column& column : kColumns) text += (text.empty() ? "" : ", ") + std::string(column.name);
    return text;
  }();
  return kText;
}

int row_column_count() { return static_cast<int>(kColumns.size()); }

std::string canonical_row(const Statement& row) {
  const std::int64_t form = row.number(kFormAt);
  audit::JsonLine line;
  int at = 0;
  for (const Column& column : kColumns) {
    if (column.since > form) break;
    if (row.is_null(at))
      line.null(column.name);
    else if (column.kind == Kind::kNumber)
      line.number(column.name, row.number(at));
    else
      line.text(column.name, column.kind == Kind::kText ? row.text(at) : to_hex(row.blob(at)));
    ++at;
  }
  return line.line();
}

std::string hash_of_row(const std::string& canonical_row) { return to_hex(sha256(bytes_of(canonical_row))); }

}  // namespace privyseal::gateway
