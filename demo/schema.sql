-- The shop application's tables as its own migrations leave them: no database defaults beyond the keys (the application
-- fills in values itself), and every timestamp without time zone, written in Brazil's local time (UTC-3).

create table bots (
  id serial primary key,
  user_id integer,
  name varchar(255),
  username varchar(100),
  is_active boolean
);

create table redirect_pools (
  id serial primary key,
  name varchar(255),
  slug varchar(50),
  meta_pixel_id varchar(50),
  meta_access_token text, -- encrypted with Fernet; the key is the application's ENCRYPTION_KEY
  meta_tracking_enabled boolean,
  meta_events_purchase boolean,
  meta_test_event_code varchar(100)
);

-- A bot may be in several pools; the application takes the first.
create table pool_bots (
  pool_id integer references redirect_pools (id),
  bot_id integer references bots (id),
  is_enabled boolean,
  unique (pool_id, bot_id)
);

create table bot_users (
  bot_id integer references bots (id),
  telegram_user_id varchar(255),
  ip_address varchar(255),
  user_agent text,
  fbp varchar(255),
  fbc varchar(255),
  fbclid varchar(255),
  tracking_session_id varchar(255), -- the token of the tracking data in Redis
  external_id varchar(255),
  utm_source varchar(255),
  utm_medium varchar(255),
  utm_campaign varchar(255),
  utm_content varchar(255),
  utm_term varchar(255),
  campaign_code varchar(255),
  customer_city varchar(100),
  customer_state varchar(50),
  customer_country varchar(50),
  customer_gender varchar(20),
  unique (bot_id, telegram_user_id)
);

create table payments (
  id serial primary key,
  bot_id integer references bots (id),
  payment_id varchar(100) unique,
  status varchar(20), -- pending, paid, failed, cancelled
  amount double precision, -- BRL, order bump included
  product_name varchar(100),
  is_upsell boolean,
  is_downsell boolean,
  is_remarketing boolean,
  customer_user_id varchar(255), -- Telegram's, sometimes with the prefix user_
  customer_name varchar(255),
  customer_username varchar(255),
  customer_email varchar(255),
  customer_phone varchar(50),
  customer_document varchar(50), -- a CPF or CNPJ, which never leaves the database
  customer_city varchar(100),
  customer_state varchar(50),
  customer_country varchar(50),
  customer_gender varchar(20),
  utm_source varchar(255),
  utm_medium varchar(255),
  utm_campaign varchar(255),
  utm_content varchar(255),
  utm_term varchar(255),
  campaign_code varchar(255),
  fbclid varchar(255),
  fbp varchar(255),
  fbc varchar(255),
  tracking_token varchar(200),
  pageview_event_id varchar(256), -- one for each click, shared by all sales that follow from it
  delivery_token varchar(64) unique,
  purchase_sent_from_delivery boolean,
  meta_purchase_sent boolean, -- set before the event is sent, as a lock
  meta_purchase_sent_at timestamp without time zone,
  meta_event_id varchar(100), -- set once Meta has confirmed
  pool_id integer references redirect_pools (id),
  created_at timestamp without time zone,
  updated_at timestamp without time zone,
  paid_at timestamp without time zone
);
