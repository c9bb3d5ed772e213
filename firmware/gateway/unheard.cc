#include "firmware/gateway/unheard.h"

namespace privyseal::gateway {

std::vector<MailIdentity> Unheard::add(const MailIdentity& mail, RowId row, WallTime at) {
  return entries_.with([&](Entries& now) {
    if (const auto old = now.by_mail.find(mail); old != now.by_mail.end())
      now.by_age.erase(old->second.number);
    now.by_mail[mail] = {.row = row, .at = at, .number = now.next_number, .is_lost = false};
    now.by_age[now.next_number++] = mail;
    std::vector<MailIdentity> forgotten;
    while (now.by_mail.size() > kMost || at - now.by_mail.at(now.by_age.begin()->second).at > kWindow) {
      forgotten.push_back(now.by_age.begin()->second);
      now.by_mail.erase(forgotten.back());
      now.by_age.erase(now.by_age.begin());
    }
    return forgotten;
  });
}

void Unheard::lose(const MailIdentity& mail) {
  entries_.with([&](Entries& now) {
    if (const auto found = now.by_mail.find(mail); found != now.by_mail.end()) found->second.is_lost = true;
  });
}

bool Unheard::remove(const MailIdentity& mail) {
  return entries_.with([&](Entries& now) {
    const auto found = now.by_mail.find(mail);
    if (found == now.by_mail.end()) return false;
    now.by_age.erase(found->second.number);
    now.by_mail.erase(found);
    return true;
  });
}

std::optional<RowId> Unheard::find(const MailIdentity& mail, WallTime now) {
  return entries_.with([&](Entries& entries) -> std::optional<RowId> {
    const auto found = entries.by_mail.find(mail);
    if (found == entries.by_mail.end()) return std::nullopt;
    const auto age = now - found->second.at;
    const bool may_be_asked_for = found->second.is_lost || age > kSilence;
    return may_be_asked_for && age <= kWindow ? std::optional(found->second.row) : std::nullopt;
  });
}

}  // namespace privyseal::gateway
