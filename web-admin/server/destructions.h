/// Retired keys that an officer wants destroyed, and what persons have approved so far.
///
/// It keeps approvals until there are two, which go to keyd. keyd alone decides, and believes nothing that
/// stands here: each approval is a passkey's own signature of the request's text.
///
/// One request a key: a new one takes the place of the old one and of its approvals.
///
/// Threads: the one of the Database. Ownership: the Database must outlive it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "hsm/destruction.h"

namespace privyseal::web {

struct WantedDestruction {
  hsm::Destruction what;
  std::string role;        ///< of the key: hsm::name_of
  std::string retired_at;  ///< RFC 3339; empty: not known
  std::string asked_by;    ///< the console's name for the person
  bool is_done = false;    ///< keyd has destroyed it
  std::string refusal{};   ///< why keyd does not destroy it; the request has ended
};

struct GivenApproval {
  hsm::Approval approval;
  std::string user;  ///< the console's name for the person
  std::string at;    ///< RFC 3339
};

class Destructions {
 public:
  [[nodiscard]] static Result<Destructions> open(Database& database);

  [[nodiscard]] Result<void> ask(const WantedDestruction& wanted);
  /// By key.
  [[nodiscard]] Result<std::vector<WantedDestruction>> all();
  [[nodiscard]] Result<std::optional<WantedDestruction>> find(std::string_view nonce);

  /// In the order in which they were given.
  [[nodiscard]] Result<std::vector<GivenApproval>> approvals_of(std::string_view nonce);
  /// kConflict: this person has approved it already.
  [[nodiscard]] Result<void> approve(std::string_view nonce, const GivenApproval& given);
  /// keyd has decided. `refusal`: as in WantedDestruction; empty: it has destroyed the key.
  [[nodiscard]] Result<void> end(std::string_view nonce, std::string_view refusal);

 private:
  explicit Destructions(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace privyseal::web
