//! kill -9 at fifty points of an erase in MariaDB, and in two stores of which one has no transactions.

use super::cache::{Cache, Server, fill};
use super::{Engine, SHOP, in_words_of, rows};
use crate::erase::{Stores, kill_at};

const ROWS: u32 = 1_000;

fn filling(sql: &str) -> String {
    sql.lines().filter(|line| line.starts_with("INSERT")).collect()
}

/// Two databases of MariaDB.
struct Two<'d>(&'d Engine, &'d Engine);

impl Stores for Two<'_> {
    fn set_back(&self) {
        let (people, parcels, orders) = (filling(SHOP), rows("parcel", ROWS), rows("orders", ROWS));
        self.0.ask(&format!(
            "BEGIN; DELETE FROM parcel; UPDATE person SET boss=NULL; DELETE FROM person; {people} {parcels} COMMIT;"
        ));
        self.1.ask(&format!("BEGIN; DELETE FROM orders; {orders} COMMIT;"));
    }

    fn dump(&self) -> String {
        let all = |engine: &Engine, table: &str| engine.ask(&format!("SELECT * FROM {table} ORDER BY id;"));
        [all(self.0, "person"), all(self.0, "parcel"), all(self.1, "orders")].join("\n--\n")
    }
}

#[test]
fn killed_at_fifty_points_a_resumed_erase_finishes_in_mariadb() {
    let Some(scene) = super::Scene::of("mariadb", "killed", ROWS) else { return };
    kill_at(50, &scene.house, &Two(&scene.shop, &scene.sales));
}

/// A database and keys.
struct Both<'s>(&'s Engine, &'s Server);

impl Stores for Both<'_> {
    fn set_back(&self) {
        // A backend whose client was killed lives until it notices.
        let alone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';";
        let (people, parcels) = (filling(&in_words_of(self.0, SHOP)), rows("parcel", 3));
        self.0.ask(&format!("{alone} BEGIN; TRUNCATE parcel, person; {people} {parcels} COMMIT;"));
        fill(self.1, ROWS);
    }

    fn dump(&self) -> String {
        let all = |table: &str| self.0.ask(&format!("SELECT * FROM {table} ORDER BY id;"));
        [all("person"), all("parcel"), self.1.dump()].join("\n--\n")
    }
}

#[test]
fn killed_at_fifty_points_a_resumed_erase_finishes_in_postgresql_and_redis() {
    let Some(cache) = Cache::of("postgres", "killed", ROWS) else { return };
    kill_at(50, &cache.house, &Both(&cache.shop, &cache.server));
}
