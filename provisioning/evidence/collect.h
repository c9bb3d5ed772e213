/// Asks the four daemons for everything an audit pack shows.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "provisioning/evidence/appliance.h"
#include "provisioning/evidence/facts.h"

namespace privyseal::evidence {

/// How long to wait for gatewayd to sign what it recorded last. It does so once a minute.
inline constexpr std::chrono::seconds kWaitForCheckpoint{90};

struct Collecting {
  Appliance& appliance;
  const Clock& clock;
  std::filesystem::path folder;                    ///< what is collected is kept there, without a name
  std::function<void(std::string_view note)> say;  ///< for a person who waits
};

/// gatewayd and keyd must answer (ledger, audit key); what renewd and admind do not answer is kept as such.
/// Mails are as gatewayd's copied log has them: one that no checkpoint covers after `wait` is counted and
/// left out, and one whose end none covers is open. Declarations are not collected here.
[[nodiscard]] Result<Facts> collect(const Collecting& at, const DateRange& range, std::chrono::seconds wait);

/// gatewayd's rows of a range, oldest first, one after the other: there may be too many to hold.
///
/// Ownership: the appliance must outlive it.
class LedgerExtract {
 public:
  LedgerExtract(const Appliance& appliance, const DateRange& range) : appliance_(appliance), range_(range) {}
  /// Nothing: that was the last one.
  [[nodiscard]] Result<std::optional<JsonObject>> next();

 private:
  [[nodiscard]] Result<void> ask();

  const Appliance& appliance_;
  const DateRange range_;
  std::deque<JsonObject> page_;
  std::int64_t after_ = 0;
  bool has_more_ = true;
};

}  // namespace privyseal::evidence
