import{z as o}from"./index-BYYbtSYU.js";const r=o("category",null);export{r as p};
