/// Mails of the ledger as gatewayd gives them, {id, salt, row, opened_seq, closed_seq}, that may be too many
/// to hold.
///
/// What Lines says of itself holds for them.
#pragma once

#include <iterator>

#include "firmware/base/json.h"
#include "provisioning/evidence/lines.h"

namespace privyseal::evidence {

class Mails {
 public:
  Mails() = default;
  explicit Mails(Lines lines) : lines_(std::move(lines)) {}

  void push_back(const JsonObject& mail) { lines_.push_back(to_text(mail)); }
  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  /// As a file of lines.
  [[nodiscard]] const Lines& lines() const { return lines_; }

  class Iterator {
   public:
    explicit Iterator(const Lines& lines) : lines_(lines), at_(lines.begin()) { read(); }
    const JsonObject& operator*() const { return mail_; }
    Iterator& operator++() {
      ++at_;
      read();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return is_at_end_; }

   private:
    void read() {
      is_at_end_ = at_ == std::default_sentinel;
      if (is_at_end_) return;
      if (auto mail = parse_json_object(*at_)) {
        mail_ = std::move(*mail);
        return;
      }
      lines_.fail_with({ErrorCode::kUnavailable, "a mail that was kept cannot be read"});
      is_at_end_ = true;
    }

    Lines lines_;
    Lines::Iterator at_;
    JsonObject mail_;
    bool is_at_end_ = false;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(lines_); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  Lines lines_;
};

}  // namespace privyseal::evidence
