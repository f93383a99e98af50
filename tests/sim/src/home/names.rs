// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names for what the seed makes up, the awkward ones of real homes among them.

/// Floors after the two fixed ones: name and icon.
pub const FLOORS: &[(&str, &str)] = &[
    ("Second floor", "top-floor"),
    ("Basement", "basement"),
    ("Garden", "garden"),
    ("Attic/Loft", "attic"),
];

/// Rooms: name and icon. Some names occur on several floors.
pub const ROOMS: &[(&str, &str)] = &[
    ("Bathroom", "bathroom"),
    ("Kids' \"Den\" 🧸", "kinder_room"),
    ("Guest room", "bedroom"),
    ("Bath / WC", "toilet"),
    ("Pantry", "pantry"),
    ("Garage", "garage"),
    ("Dining room", "dining_room"),
    ("Terrace", "terrace"),
    ("Storage", "default"),
    ("Studio", "study_room"),
    ("Hallway", "hallway"),
    ("Wäscheküche", "laundry-basket"),
    ("Gym", "gym"),
    ("Bathroom", "bathroom"),
];

/// First words of a device name.
pub const SPOTS: &[&str] = &[
    "Left", "Right", "Corner", "Window", "Wall", "Table", "Shelf", "Upper", "Lower", "Back",
    "Front", "Old", "New", "North", "South", "Main", "Small", "Big",
];
