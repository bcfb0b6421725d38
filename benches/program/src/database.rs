//! A database, of which only the connection counts here.

pub async fn rows() -> String {
    let config = "host=127.0.0.1 port=1 user=nobody connect_timeout=1";
    match tokio_postgres::connect(config, tokio_postgres::NoTls).await {
        Ok((_, connection)) => {
            tokio::spawn(connection);
            "connected".to_owned()
        }
        Err(_) => "none".to_owned(),
    }
}
