/// Who may sign in: people, each with a name, an e-mail address, one role, and their passkeys.
///
/// A user who was ended keeps his row, because the audit log names him; his name and address are free again.
///
/// Threads: the one of the Database. Ownership: the Database must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "web-admin/server/passkey.h"
#include "web-admin/server/role.h"

namespace privyseal::web {

struct NewUser {
  std::string name;   ///< 1 to 60 printable characters
  std::string email;  ///< user@domain
  Role role = Role::kAuditor;
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::string email;
  Role role = Role::kAuditor;
  std::string since;
  bool has_passkey = false;
};

struct PasskeyOwner {
  User user;
  Passkey passkey;
};

/// What is wrong with it, in a sentence for the person who typed it; empty: nothing.
[[nodiscard]] std::string complaint_about(const NewUser& user);

class Users {
 public:
  [[nodiscard]] static Result<Users> open(Database& database);

  /// Those who were not ended, by name.
  [[nodiscard]] Result<std::vector<User>> all();
  [[nodiscard]] Result<std::optional<User>> find(std::int64_t id);
  /// True: an officer has a passkey, so that somebody can invite others.
  [[nodiscard]] Result<bool> has_officer();

  /// kConflict: the name or the address is in use. kInvalid: complaint_about.
  [[nodiscard]] Result<User> add(const NewUser& user, WallTime now);
  /// kConflict: he is the last officer with a passkey. kNotFound.
  [[nodiscard]] Result<void> end(std::int64_t id, WallTime now);

  [[nodiscard]] Result<void> add_passkey(std::int64_t id, const Passkey& passkey, WallTime now);
  [[nodiscard]] Result<std::optional<PasskeyOwner>> find_passkey(ByteView credential_id);
  [[nodiscard]] Result<std::vector<Passkey>> passkeys_of(std::int64_t id);
  [[nodiscard]] Result<void> set_sign_count(ByteView credential_id, std::uint32_t count);

 private:
  explicit Users(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace privyseal::web
