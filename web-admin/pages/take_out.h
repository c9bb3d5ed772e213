/// What the pages share that have evidence of a range of days made beside the desk and give it as an archive.
///
/// Threads: the desk's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "provisioning/evidence/facts.h"
#include "provisioning/evidence/manifest.h"
#include "web-admin/pages/layout.h"
#include "web-admin/server/workshop.h"

namespace privyseal::web {

/// The form's days "from" and "to". Pure and total. kInvalid: in words for whoever sent it.
[[nodiscard]] Result<evidence::DateRange> days_in(const Fields& form);
/// Its two fields, as they were sent.
[[nodiscard]] Html day_inputs(const Visit& visit);

/// "2026-03-10 until before 2026-03-11"
[[nodiscard]] std::string text_of(const evidence::DateRange& range);
/// For the audit log: "pack/2026-03-10/2026-03-11".
[[nodiscard]] std::string object_of(std::string_view kind, const evidence::DateRange& range);

[[nodiscard]] Html code_text(std::string_view id, std::string_view text);
/// The audit key's fingerprint, which reaches the auditor in another way.
[[nodiscard]] Row audit_key_row(ByteView public_key);
[[nodiscard]] Row size_row(const std::shared_ptr<const evidence::PackFiles>& files, std::string_view kind);

/// The files below the folder `kind`, as "privyseal-<kind>-2026-03-10-2026-03-11.tar".
[[nodiscard]] Response archive_of(const std::shared_ptr<const evidence::PackFiles>& files,
                                  std::string_view kind, const evidence::DateRange& range);

/// Orders from `shop` what `order` gives, and writes it to the audit log before and after; `describe` says
/// there what was made.
template <typename Shop>
[[nodiscard]] Result<void> have_made(
    Visit& visit, Shop& shop, const Act& act, const std::function<Result<typename Shop::Order>()>& order,
    const std::function<std::string(const typename Shop::Made& made)>& describe) {
  const Actor who = visit.actor();
  if (auto begun = visit.at.journal.begin(who, act); !begun)
    return fail(ErrorCode::kUnavailable, "it could not be written to the audit log");
  const auto ended = [&at = visit.at, who, act, describe](const Result<typename Shop::Made>& made) {
    Act done = act;
    if (made) done.why = describe(*made);
    const Result<void> outcome = made.transform([](const auto&) {});
    at.at_desk([&at, who, done, outcome] { at.journal.end(who, done, outcome); });
  };
  auto ordered =
      order().and_then([&](typename Shop::Order ready) { return shop.start(std::move(ready), ended); });
  if (!ordered) visit.at.journal.end(who, act, ordered);
  return ordered;
}

}  // namespace privyseal::web
