#include "web-admin/server/store.h"

namespace privyseal::web {

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file, const std::string& origin,
                                           const Clock& clock) {
  auto database = Database::open(file, Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  std::unique_ptr<Store> store(new Store(std::move(*database)));
  // Users first: the others refer to them.
  auto users = Users::open(store->database_);
  if (!users) return std::unexpected(users.error());
  auto claims = Claims::open(store->database_);
  if (!claims) return std::unexpected(claims.error());
  auto sessions = Sessions::open(store->database_);
  if (!sessions) return std::unexpected(sessions.error());
  auto declarations = DeclarationRegister::open(store->database_);
  if (!declarations) return std::unexpected(declarations.error());
  auto destructions = Destructions::open(store->database_);
  if (!destructions) return std::unexpected(destructions.error());
  auto journal = Journal::open(store->database_, origin, clock);
  if (!journal) return std::unexpected(journal.error());
  store->users_.emplace(std::move(*users));
  store->claims_.emplace(std::move(*claims));
  store->sessions_.emplace(std::move(*sessions));
  store->declarations_.emplace(std::move(*declarations));
  store->destructions_.emplace(std::move(*destructions));
  store->journal_.emplace(std::move(*journal));
  return store;
}

}  // namespace privyseal::web
