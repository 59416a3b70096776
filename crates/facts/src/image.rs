//! Names of container images.

/// Tag and digest of an image's name: `registry:5000/shop/web:1.4@sha256:…`.
pub(crate) fn parts(image: &str) -> (Option<&str>, Option<&str>) {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash belongs to a port.
    let last = name.rsplit('/').next().unwrap_or(name);
    (last.split_once(':').map(|(_, tag)| tag), digest)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn an_image_has_a_tag_and_a_digest() {
        let check = |image, expect| assert_eq!(parts(image), expect, "{image}");
        check("nginx", (None, None));
        check("nginx:1.27", (Some("1.27"), None));
        check("registry:5000/shop/web", (None, None));
        check("registry:5000/shop/web:1.4@sha256:ab", (Some("1.4"), Some("sha256:ab")));
        check("web@sha256:ab", (None, Some("sha256:ab")));
    }
}
